package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Cluster is a connection to the brokers.
type Cluster struct {
	Addrs  []string
	Client *kgo.Client
	Admin  *kadm.Client
}

// Connect makes the connection. The caller closes it.
func Connect(addrs []string) (*Cluster, error) {
	// Lists of topics come from the client's cache, which must not be older
	// than a run.
	cl, err := kgo.NewClient(kgo.SeedBrokers(addrs...), kgo.MetadataMinAge(10*time.Millisecond))
	if err != nil {
		return nil, err
	}
	return &Cluster{Addrs: addrs, Client: cl, Admin: kadm.NewClient(cl)}, nil
}

// Close ends the connection.
func (c *Cluster) Close() { c.Client.Close() }

// Create makes a topic, and waits until every partition has a leader. It keeps
// everything for as long as it exists.
func (c *Cluster) Create(ctx context.Context, topic string, partitions int32, configs map[string]*string) error {
	all := map[string]*string{"retention.ms": kadm.StringPtr("-1")}
	maps.Copy(all, configs)
	if _, err := c.Admin.CreateTopic(ctx, partitions, 1, all, topic); err != nil {
		return fmt.Errorf("create topic %s: %w", topic, err)
	}
	return Poll(ctx, func() (bool, error) {
		ends, err := c.Admin.ListEndOffsets(ctx, topic)
		return err == nil && ends.Error() == nil && len(ends[topic]) == int(partitions), nil
	})
}

// Remove deletes all topics whose names begin with prefix.
func (c *Cluster) Remove(ctx context.Context, prefix string) error {
	topics, err := c.Admin.ListTopics(ctx)
	if err != nil {
		return err
	}
	names := slices.DeleteFunc(topics.Names(), func(n string) bool { return !strings.HasPrefix(n, prefix) })
	if len(names) == 0 {
		return nil
	}
	deleted, err := c.Admin.DeleteTopics(ctx, names...)
	return errors.Join(err, deleted.Error())
}

// Produce writes records 0 to n-1 to the partitions that they name,
// uncompressed, and waits until all are acknowledged.
func (c *Cluster) Produce(ctx context.Context, n int64, record func(i int64) *kgo.Record) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.Addrs...), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		return err
	}
	defer cl.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for i := int64(0); i < n && ctx.Err() == nil; i++ {
		cl.Produce(ctx, record(i), func(_ *kgo.Record, err error) {
			if err != nil {
				cancel(err)
			}
		})
	}
	if err := cl.Flush(ctx); err != nil {
		return context.Cause(ctx)
	}
	return context.Cause(ctx)
}
