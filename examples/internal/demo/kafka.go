package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace"
)

// kafka is the other side of an example: those who write its input and read
// its output.
type kafka struct {
	cl   *kgo.Client
	opts []kgo.Opt // to make more of its kind
}

func connect(cfg millrace.Config) (*kafka, error) {
	opts := append([]kgo.Opt{kgo.SeedBrokers(cfg.Brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner())}, cfg.Client...)
	cl, err := kgo.NewClient(opts...)
	return &kafka{cl, opts}, err
}

func (k *kafka) close() { k.cl.Close() }

// createTopics makes topics that are missing.
func (k *kafka) createTopics(ctx context.Context, topics map[string]int32) error {
	for topic, partitions := range topics {
		_, err := kadm.NewClient(k.cl).CreateTopic(ctx, partitions, -1, nil, topic)
		if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
			return fmt.Errorf("create topic %s: %w", topic, err)
		}
	}
	return nil
}

// write writes the records that their partitions do not hold yet.
func (k *kafka) write(ctx context.Context, records []Record, pause time.Duration) error {
	var topics []string
	for _, r := range records {
		if !slices.Contains(topics, r.Topic) {
			topics = append(topics, r.Topic)
		}
	}
	if len(topics) == 0 {
		return nil
	}
	ends, err := kadm.NewClient(k.cl).ListEndOffsets(ctx, topics...)
	if err != nil {
		return fmt.Errorf("read the ends of %v: %w", topics, err)
	}
	left := map[string]map[int32]int64{}
	ends.Each(func(e kadm.ListedOffset) {
		if left[e.Topic] == nil {
			left[e.Topic] = map[int32]int64{}
		}
		left[e.Topic][e.Partition] = e.Offset
	})
	for _, r := range records {
		if left[r.Topic][r.Partition] > 0 {
			left[r.Topic][r.Partition]--
			continue
		}
		out := &kgo.Record{Topic: r.Topic, Partition: r.Partition, Key: r.Key, Value: r.Value, Timestamp: r.Time}
		if err := k.cl.ProduceSync(ctx, out).FirstErr(); err != nil {
			return fmt.Errorf("write to %s: %w", r.Topic, err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// reader reads topics from their start, as they were committed.
func (k *kafka) reader(topics []string) (*kgo.Client, error) {
	return kgo.NewClient(append(slices.Clone(k.opts), kgo.ConsumeTopics(topics...), kgo.KeepControlRecords(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))...)
}

// printAll prints what the topics hold, one after the other, each partition by
// itself.
func (k *kafka) printAll(ctx context.Context, out io.Writer, topics []string) error {
	for _, topic := range topics {
		records, err := k.readAll(ctx, topic)
		if err != nil {
			return fmt.Errorf("read topic %s: %w", topic, err)
		}
		for _, r := range records {
			printRecord(out, r)
		}
	}
	return nil
}

// readAll reads a topic up to its present end.
func (k *kafka) readAll(ctx context.Context, topic string) (records []*kgo.Record, err error) {
	ends, err := kadm.NewClient(k.cl).ListEndOffsets(ctx, topic)
	if err != nil {
		return nil, err
	}
	left := map[int32]int64{}
	ends.Each(func(e kadm.ListedOffset) {
		if e.Offset > 0 {
			left[e.Partition] = e.Offset
		}
	})
	cl, err := k.reader([]string{topic})
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	for len(left) > 0 {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, err
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				records = append(records, r)
			}
			if r.Offset+1 >= left[r.Partition] {
				delete(left, r.Partition)
			}
		})
	}
	slices.SortStableFunc(records, func(a, b *kgo.Record) int { return int(a.Partition - b.Partition) })
	return records, nil
}

// printLive prints what the topics hold and what comes, until ctx ends.
func (k *kafka) printLive(ctx context.Context, out io.Writer, topics []string) error {
	cl, err := k.reader(topics)
	if err != nil {
		return err
	}
	defer cl.Close()
	for ctx.Err() == nil {
		cl.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				printRecord(out, r)
			}
		})
	}
	return nil
}

func printRecord(out io.Writer, r *kgo.Record) {
	fmt.Fprintf(out, "%s\t%s\t%s\n", r.Topic, text(r.Key), text(r.Value))
}

// text shows a null as such.
func text(b []byte) string {
	if b == nil {
		return "null"
	}
	return string(b)
}
