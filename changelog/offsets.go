package changelog

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Isolation says which end of a partition is meant.
type Isolation int8

const (
	// ReadUncommitted means the high watermark, the end of the log.
	ReadUncommitted Isolation = iota
	// ReadCommitted means the last stable offset, which is behind the high
	// watermark as long as a transaction is open.
	ReadCommitted
)

// End is where a partition ends, or why that is not known.
type End struct {
	Offset int64
	Err    error
}

// OffsetsAtEnd lists the ends of partitions, one try each. Every partition
// asked for is in the answer; errors are kept per partition.
func OffsetsAtEnd(ctx context.Context, cl *kgo.Client, partitions map[string][]int32, iso Isolation) map[string]map[int32]End {
	req := kmsg.NewPtrListOffsetsRequest()
	req.IsolationLevel = int8(iso)
	ends := make(map[string]map[int32]End, len(partitions))
	for topic, nums := range partitions {
		t := kmsg.NewListOffsetsRequestTopic()
		t.Topic = topic
		ends[topic] = make(map[int32]End, len(nums))
		for _, n := range nums {
			p := kmsg.NewListOffsetsRequestTopicPartition()
			p.Partition = n
			p.Timestamp = -1 // the end
			t.Partitions = append(t.Partitions, p)
			ends[topic][n] = End{Offset: -1, Err: errNoAnswer}
		}
		req.Topics = append(req.Topics, t)
	}
	if len(req.Topics) == 0 {
		return ends
	}
	// Each leader is asked for its own; one that is away spoils only those.
	for _, shard := range cl.RequestSharded(ctx, req) {
		if shard.Err != nil {
			for _, t := range shard.Req.(*kmsg.ListOffsetsRequest).Topics {
				for _, p := range t.Partitions {
					ends[t.Topic][p.Partition] = End{-1, fmt.Errorf("end of %s partition %d: %w", t.Topic, p.Partition, shard.Err)}
				}
			}
			continue
		}
		for _, t := range shard.Resp.(*kmsg.ListOffsetsResponse).Topics {
			for _, p := range t.Partitions {
				end := End{Offset: p.Offset}
				if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
					end = End{-1, fmt.Errorf("end of %s partition %d: %w", t.Topic, p.Partition, err)}
				}
				ends[t.Topic][p.Partition] = end
			}
		}
	}
	return ends
}

// NextPosition returns the offset of the first record in [from, to) of a
// partition that a reader of committed records gets. If there is none, as in
// tails of transaction markers and aborted records, the result is to or more.
// It is less than to, and no record's offset, only if an open transaction
// keeps readers from going on there: NextPosition does not wait for its end.
// It does wait for brokers that are away, until ctx ends.
func NextPosition(ctx context.Context, cl *kgo.Client, topic string, num int32, from, to int64) (int64, error) {
	f := newFetcher(cl)
	defer f.close()
	r := newReader(f, partition{topic: topic, num: num})
	for from < to {
		rp, err := r.fetchAt(ctx, from, 1<<20, true)
		if err != nil {
			return from, fmt.Errorf("read %s partition %d at offset %d: %w", topic, num, from, err)
		}
		records, next, err := r.readCommitted(from, rp)
		switch {
		case err != nil:
			return from, fmt.Errorf("read %s partition %d at offset %d: %w", topic, num, from, err)
		case len(records) > 0:
			return records[0].Offset, nil
		case next == from:
			return from, nil
		}
		from = next
	}
	return from, nil
}
