package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// cluster is the broker as the driver sees it.
type cluster struct {
	addrs      []string
	partitions int32
	client     *kgo.Client
	admin      *kadm.Client
}

func connect(addrs []string, partitions int32) (*cluster, error) {
	// Lists of topics come from the client's cache, which must not be older
	// than a run.
	cl, err := kgo.NewClient(kgo.SeedBrokers(addrs...), kgo.MetadataMinAge(10*time.Millisecond))
	if err != nil {
		return nil, err
	}
	return &cluster{addrs: addrs, partitions: partitions, client: cl, admin: kadm.NewClient(cl)}, nil
}

func (c *cluster) close() { c.client.Close() }

// appendTime makes the broker set the time of records to when it appended them,
// so that the log itself tells when a run had its results.
var appendTime = map[string]*string{"message.timestamp.type": kadm.StringPtr("LogAppendTime")}

// create makes a topic. It keeps everything for as long as it exists.
func (c *cluster) create(ctx context.Context, topic string, configs map[string]*string) error {
	all := map[string]*string{"retention.ms": kadm.StringPtr("-1")}
	maps.Copy(all, configs)
	if _, err := c.admin.CreateTopic(ctx, c.partitions, 1, all, topic); err != nil {
		return fmt.Errorf("create topic %s: %w", topic, err)
	}
	return c.await(ctx, topic)
}

// await waits until every partition has a leader.
func (c *cluster) await(ctx context.Context, topic string) error {
	return poll(ctx, func() (bool, error) {
		ends, err := c.admin.ListEndOffsets(ctx, topic)
		return err == nil && ends.Error() == nil && len(ends[topic]) == int(c.partitions), nil
	})
}

// remove deletes all topics whose names begin with prefix.
func (c *cluster) remove(ctx context.Context, prefix string) error {
	topics, err := c.admin.ListTopics(ctx)
	if err != nil {
		return err
	}
	names := slices.DeleteFunc(topics.Names(), func(n string) bool { return !strings.HasPrefix(n, prefix) })
	if len(names) == 0 {
		return nil
	}
	deleted, err := c.admin.DeleteTopics(ctx, names...)
	return errors.Join(err, deleted.Error())
}

// ends are the end offsets of a topic once no transaction is open in it. The
// markers of the last one come a little after its end is answered.
func (c *cluster) ends(ctx context.Context, topic string) (map[int32]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, stallTimeout)
	defer cancel()
	ends := map[int32]int64{}
	return ends, poll(ctx, func() (bool, error) {
		stable, err := c.admin.ListCommittedOffsets(ctx, topic)
		if err = errors.Join(err, stable.Error()); err != nil {
			return false, err
		}
		high, err := c.admin.ListEndOffsets(ctx, topic)
		if err = errors.Join(err, high.Error()); err != nil {
			return false, err
		}
		settled := true
		high.Each(func(o kadm.ListedOffset) {
			ends[o.Partition] = o.Offset
			at, _ := stable.Lookup(topic, o.Partition)
			settled = settled && at.Offset == o.Offset
		})
		return settled, nil
	})
}

// committed are the offsets of a group; partitions without one are missing.
func (c *cluster) committed(ctx context.Context, group, topic string) (map[int32]int64, error) {
	all, err := c.admin.FetchOffsets(ctx, group)
	if errors.Is(err, kerr.GroupIDNotFound) {
		return nil, nil
	}
	if err = errors.Join(err, all.Error()); errors.Is(err, kerr.GroupIDNotFound) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	offsets := map[int32]int64{}
	all.Each(func(o kadm.OffsetResponse) {
		if o.Topic == topic {
			offsets[o.Partition] = o.At
		}
	})
	return offsets, nil
}

// bytes is the size on the broker of all topics whose names begin with prefix.
func (c *cluster) bytes(ctx context.Context, prefix string) (int64, error) {
	brokers, err := c.admin.DescribeAllLogDirs(ctx, nil)
	if err != nil {
		return 0, err
	}
	var sum int64
	brokers.Each(func(d kadm.DescribedLogDir) {
		d.Topics.Each(func(p kadm.DescribedLogDirPartition) {
			if strings.HasPrefix(p.Topic, prefix) && !p.IsFuture {
				sum += p.Size
			}
		})
	})
	return sum, nil
}
