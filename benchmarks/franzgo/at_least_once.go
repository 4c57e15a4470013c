package main

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kgo"
)

// atLeastOnce produces what a poll brought, waits until it is acknowledged and
// marks it for the next commit of offsets.
func (l *loop) atLeastOnce(ctx context.Context, opts []kgo.Opt) error {
	cl, err := kgo.NewClient(append(opts, kgo.AutoCommitMarks(), kgo.AutoCommitInterval(l.p.Commit))...)
	if err != nil {
		return err
	}
	defer cl.Close()
	for ctx.Err() == nil {
		fetches := cl.PollFetches(ctx)
		l.transform(fetches, func(r *kgo.Record) { cl.Produce(context.Background(), r, l.produced) })
		if err := errors.Join(cl.Flush(context.Background()), l.failure()); err != nil {
			return err
		}
		cl.MarkCommitRecords(fetches.Records()...)
	}
	return cl.CommitMarkedOffsets(context.Background())
}
