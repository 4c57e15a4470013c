package main

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

//go:embed text.txt
var text string

// linePause is the time between two lines of the text.
const linePause = 200 * time.Millisecond

func (o options) client(opts ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append(opts, kgo.SeedBrokers(strings.Split(o.brokers, ",")...))...)
}

// createTopics makes the input and output topics if they are missing, and
// waits for the broker if it is away.
func createTopics(ctx context.Context, o options) error {
	cl, err := o.client()
	if err != nil {
		return err
	}
	defer cl.Close()
	for {
		made, err := kadm.NewClient(cl).CreateTopics(ctx, int32(o.partitions), -1, nil, o.in, o.out)
		for _, topic := range made.Sorted() {
			if topic.Err != nil && !errors.Is(topic.Err, kerr.TopicAlreadyExists) {
				err = errors.Join(err, fmt.Errorf("create topic %s: %w", topic.Topic, topic.Err))
			}
		}
		switch {
		case err == nil, ctx.Err() != nil:
			return nil // made, or asked to stop before there was anything to do
		case !away(err):
			return err
		}
		report("no broker answers, trying again", err)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}

// away reports an error that passes when a broker is back.
func away(err error) bool {
	var unreachable net.Error
	return errors.As(err, &unreachable) || kgo.IsRetryableBrokerErr(err) || kerr.IsRetriable(err)
}

// feed writes the text to the input topic, one line at a time.
func feed(ctx context.Context, o options) error {
	cl, err := o.client()
	if err != nil {
		return err
	}
	// A record that may have reached the broker is not given up for a context,
	// only with its client.
	defer context.AfterFunc(ctx, cl.Close)()
	defer cl.Close()
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		r := &kgo.Record{Topic: o.in, Value: []byte(strings.ToLower(lines.Text()))}
		err := cl.ProduceSync(ctx, r).FirstErr()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		select {
		case <-time.After(linePause):
		case <-ctx.Done():
			return nil
		}
	}
	fmt.Fprintln(os.Stderr, "all of the text is written; interrupt to stop")
	return lines.Err()
}

// printCounts prints the counts of what was read since a point in time, each
// as it is committed.
func printCounts(ctx context.Context, o options, since time.Time) error {
	cl, err := o.client(kgo.ConsumeTopics(o.out), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AfterMilli(since.UnixMilli())))
	if err != nil {
		return err
	}
	defer cl.Close()
	for ctx.Err() == nil {
		fetches := cl.PollFetches(ctx)
		fetches.EachRecord(func(r *kgo.Record) { fmt.Printf("%s\t%s\n", r.Key, r.Value) })
	}
	return nil
}
