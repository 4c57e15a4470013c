package kafkatest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// ReadCommitted returns all committed records of a topic, ordered by partition
// and offset. It first waits until no transaction is open on it: a real broker
// acknowledges the end of a transaction before it has written the markers.
func (b *Broker) ReadCommitted(t testing.TB, topic string) []*kgo.Record {
	t.Helper()
	cl := b.brief(t)
	defer cl.Close()
	adm := kadm.NewClient(cl)
	WaitFor(t, "end of the transactions on topic "+topic, func() bool {
		ends := endOffsets(t, adm.ListEndOffsets, topic)
		return maps.Equal(ends, endOffsets(t, adm.ListCommittedOffsets, topic))
	})
	return readTo(t, cl, topic, endOffsets(t, adm.ListEndOffsets, topic))
}

// ReadStable returns the committed records of a topic below the last stable
// offset: nothing behind the first record of an open transaction.
func (b *Broker) ReadStable(t testing.TB, topic string) []*kgo.Record {
	t.Helper()
	cl := b.brief(t)
	defer cl.Close()
	return readTo(t, cl, topic, endOffsets(t, kadm.NewClient(cl).ListCommittedOffsets, topic))
}

// EndOffsets returns the high watermark of every partition of a topic.
func (b *Broker) EndOffsets(t testing.TB, topic string) map[int32]int64 {
	t.Helper()
	cl := b.brief(t)
	defer cl.Close()
	return endOffsets(t, kadm.NewClient(cl).ListEndOffsets, topic)
}

type listOffsets func(context.Context, ...string) (kadm.ListedOffsets, error)

func endOffsets(t testing.TB, list listOffsets, topic string) map[int32]int64 {
	t.Helper()
	listed, err := list(within(t), topic)
	if err == nil {
		err = listed.Error()
	}
	if err != nil {
		t.Fatalf("kafkatest: offsets of topic %s: %v", topic, err)
	}
	ends := make(map[int32]int64)
	listed.Each(func(o kadm.ListedOffset) { ends[o.Partition] = o.Offset })
	return ends
}

func readTo(t testing.TB, cl *kgo.Client, topic string, ends map[int32]int64) []*kgo.Record {
	t.Helper()
	ctx := within(t)
	meta, err := kadm.NewClient(cl).Metadata(ctx, topic)
	if err != nil {
		t.Fatalf("kafkatest: metadata of topic %s: %v", topic, err)
	}
	var all []*kgo.Record
	for partition, end := range ends {
		p := meta.Topics[topic].Partitions[partition]
		records, err := readPartition(ctx, cl.Broker(int(p.Leader)), meta.Topics[topic], partition, end)
		if err != nil {
			t.Fatalf("kafkatest: read %s/%d: %v", topic, partition, err)
		}
		all = append(all, records...)
	}
	slices.SortFunc(all, func(a, b *kgo.Record) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	})
	return all
}

// readPartition fetches from the start of a partition until its position has
// reached end. A consuming client cannot tell the position: a log may end in
// transaction markers, aborted records or gaps left by compaction, which are
// no records, so the offset of the last record may never come near the end.
func readPartition(ctx context.Context, leader *kgo.Broker, topic kadm.TopicDetail, partition int32, end int64) ([]*kgo.Record, error) {
	var records []*kgo.Record
	for position := int64(0); position < end; {
		rp, err := fetch(ctx, leader, topic, partition, position)
		if err != nil {
			return nil, err
		}
		if rp.ErrorCode == kerr.OffsetOutOfRange.Code && position < rp.LogStartOffset {
			position = rp.LogStartOffset // deleted or compacted away
			continue
		}
		opts := kgo.ProcessFetchPartitionOpts{
			Offset:         position,
			IsolationLevel: kgo.ReadCommitted(),
			Topic:          topic.Topic,
			Partition:      partition,
		}
		fp, next := kgo.ProcessFetchPartition(opts, rp, kgo.DefaultDecompressor(), nil)
		if fp.Err != nil {
			return nil, fp.Err
		}
		for _, r := range fp.Records {
			if r.Offset < end {
				records = append(records, r)
			}
		}
		position = next
	}
	return records, nil
}

func fetch(ctx context.Context, leader *kgo.Broker, topic kadm.TopicDetail, partition int32, offset int64) (*kmsg.FetchResponseTopicPartition, error) {
	req := kmsg.NewPtrFetchRequest()
	req.MaxWaitMillis = 100
	req.MinBytes = 1
	req.MaxBytes = 50 << 20
	req.IsolationLevel = 1
	req.SessionEpoch = -1
	rt := kmsg.NewFetchRequestTopic()
	rt.Topic, rt.TopicID = topic.Topic, topic.ID
	rp := kmsg.NewFetchRequestTopicPartition()
	rp.Partition, rp.FetchOffset, rp.PartitionMaxBytes = partition, offset, 10<<20
	rt.Partitions = append(rt.Partitions, rp)
	req.Topics = append(req.Topics, rt)
	resp, err := req.RequestWith(ctx, leader)
	if err != nil {
		return nil, err
	}
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return nil, err
	}
	if len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) != 1 {
		return nil, fmt.Errorf("the broker answered for %d topics instead of 1", len(resp.Topics))
	}
	return &resp.Topics[0].Partitions[0], nil
}
