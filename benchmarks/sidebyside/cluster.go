package main

import (
	"context"
	"errors"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/millrace-io/millrace/benchmarks/internal/kafka"
)

// cluster is the broker, with as many partitions for each topic.
type cluster struct {
	*kafka.Cluster
	partitions int32
}

// appendTime makes the broker set the time of records to when it appended them,
// so that the log itself tells when a run had its results.
var appendTime = map[string]*string{"message.timestamp.type": kadm.StringPtr("LogAppendTime")}

// create makes a topic. It keeps everything for as long as it exists.
func (c *cluster) create(ctx context.Context, topic string, configs map[string]*string) error {
	return c.Create(ctx, topic, c.partitions, configs)
}

// ends are the end offsets of a topic once no transaction is open in it. The
// markers of the last one come a little after its end is answered.
func (c *cluster) ends(ctx context.Context, topic string) (map[int32]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, stallTimeout)
	defer cancel()
	ends := map[int32]int64{}
	return ends, kafka.Poll(ctx, func() (bool, error) {
		stable, err := c.Admin.ListCommittedOffsets(ctx, topic)
		if err = errors.Join(err, stable.Error()); err != nil {
			return false, err
		}
		high, err := c.Admin.ListEndOffsets(ctx, topic)
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
	all, err := c.Admin.FetchOffsets(ctx, group)
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
	brokers, err := c.Admin.DescribeAllLogDirs(ctx, nil)
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
