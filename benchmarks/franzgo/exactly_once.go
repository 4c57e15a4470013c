package main

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// exactlyOnce commits a transaction per commit interval. A transaction that was
// aborted ends the loop: a map in memory cannot be rolled back.
func (l *loop) exactlyOnce(ctx context.Context, opts []kgo.Opt) error {
	session, err := kgo.NewGroupTransactSession(append(opts,
		kgo.TransactionalID(l.p.App+"-0"), kgo.TransactionTimeout(10*time.Second))...)
	if err != nil {
		return err
	}
	defer session.Close()
	for ctx.Err() == nil {
		fetches := session.PollFetches(ctx)
		if fetches.NumRecords() == 0 {
			continue
		}
		if err := session.Begin(); err != nil {
			return err
		}
		l.fill(ctx, session, fetches)
		committed, err := session.End(context.Background(), kgo.TransactionEndTry(l.failure() == nil))
		if err := errors.Join(err, l.failure()); err != nil {
			return err
		}
		if !committed {
			return errors.New("a transaction was aborted, and its counts cannot be taken back")
		}
	}
	return nil
}

// fill processes until the commit interval is over.
func (l *loop) fill(ctx context.Context, session *kgo.GroupTransactSession, fetches kgo.Fetches) {
	over, cancel := context.WithTimeout(ctx, l.p.Commit)
	defer cancel()
	for {
		l.transform(fetches, func(r *kgo.Record) { session.Produce(context.Background(), r, l.produced) })
		if over.Err() != nil {
			return
		}
		fetches = session.PollFetches(over)
	}
}
