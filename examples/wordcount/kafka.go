package main

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
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
		if err == nil {
			return nil
		}
		report("create topics, trying again", err)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return nil // asked to stop before there was anything to do
		}
	}
}

// feed writes the text to the input topic, one line at a time.
func feed(ctx context.Context, o options) error {
	cl, err := o.client()
	if err != nil {
		return err
	}
	defer cl.Close()
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		r := &kgo.Record{Topic: o.in, Value: []byte(strings.ToLower(lines.Text()))}
		if err := cl.ProduceSync(ctx, r).FirstErr(); err != nil {
			return err
		}
		select {
		case <-time.After(linePause):
		case <-ctx.Done():
			return nil
		}
	}
	return lines.Err()
}

// printCounts prints every count as it is committed.
func printCounts(ctx context.Context, o options) error {
	cl, err := o.client(kgo.ConsumeTopics(o.out), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
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
