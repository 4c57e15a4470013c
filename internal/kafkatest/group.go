package kafkatest

import (
	"context"
	"errors"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Committed returns the offsets that a group has committed, by topic and
// partition: none for a group that does not exist. Offsets that belong to an
// open transaction are waited for.
func (b *Broker) Committed(t testing.TB, group string) map[string]map[int32]int64 {
	t.Helper()
	offsets := make(map[string]map[int32]int64)
	b.fetchOffsets(t, group).Each(func(o kadm.OffsetResponse) {
		if offsets[o.Topic] == nil {
			offsets[o.Topic] = make(map[int32]int64)
		}
		offsets[o.Topic][o.Partition] = o.At
	})
	return offsets
}

// CommittedMetadata returns the metadata string of a committed offset, and
// whether there is a committed offset.
func (b *Broker) CommittedMetadata(t testing.TB, group, topic string, partition int32) (string, bool) {
	t.Helper()
	o, ok := b.fetchOffsets(t, group).Lookup(topic, partition)
	return o.Metadata, ok && o.At >= 0
}

func (b *Broker) fetchOffsets(t testing.TB, group string) (got kadm.OffsetResponses) {
	t.Helper()
	cl := b.brief(t)
	defer cl.Close()
	ctx := kadm.RequireStable(within(t))
	WaitFor(t, "end of the transactions of group "+group, func() bool {
		var err error
		if got, err = kadm.NewClient(cl).FetchOffsets(ctx, group); err == nil {
			err = got.Error()
		}
		switch {
		case errors.Is(err, kerr.UnstableOffsetCommit):
			return false
		case errors.Is(err, kerr.GroupIDNotFound): // kfake; Kafka knows no offsets then
			got = nil
		case err != nil:
			t.Fatalf("kafkatest: offsets of group %s: %v", group, err)
		}
		return true
	})
	return got
}

// Commit sets offsets of a group that has no members.
func (b *Broker) Commit(t testing.TB, group, topic string, offsets map[int32]int64) {
	t.Helper()
	cl := b.brief(t)
	defer cl.Close()
	var set kadm.Offsets
	for partition, at := range offsets {
		set.AddOffset(topic, partition, at, -1)
	}
	if err := kadm.NewClient(cl).CommitAllOffsets(within(t), group, set); err != nil {
		t.Fatalf("kafkatest: commit offsets of group %s: %v", group, err)
	}
}

// SendOffset sends an offset into the open transaction of cl, to the only broker
// there is: the first one that cl was given.
func SendOffset(ctx context.Context, cl *kgo.Client, group, topic string, partition int32, at int64) error {
	id, epoch, err := cl.ProducerID(ctx)
	if err != nil {
		return err
	}
	req := kmsg.NewPtrTxnOffsetCommitRequest()
	req.TransactionalID, _ = cl.OptValue(kgo.TransactionalID).(string)
	req.Group, req.ProducerID, req.ProducerEpoch = group, id, epoch
	p := kmsg.NewTxnOffsetCommitRequestTopicPartition()
	p.Partition, p.Offset = partition, at
	rt := kmsg.NewTxnOffsetCommitRequestTopic()
	rt.Topic = topic
	rt.Partitions = append(rt.Partitions, p)
	req.Topics = append(req.Topics, rt)
	// Version 5 names topics; later ones want ids. The client finds the coordinator of
	// requests of its own types only.
	resp, err := cl.SeedBrokers()[0].RetriableRequest(ctx, pinned{req, 5})
	if err != nil {
		return err
	}
	for _, t := range resp.(*kmsg.TxnOffsetCommitResponse).Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return err
			}
		}
	}
	return nil
}

// pinned is a request whose version is not raised to the broker's.
type pinned struct {
	*kmsg.TxnOffsetCommitRequest
	max int16
}

func (p pinned) MaxVersion() int16 { return p.max }

// Members returns how many members a group has.
func (b *Broker) Members(t testing.TB, group string) int {
	t.Helper()
	return len(b.describe(t, group).Members)
}

// Assigned returns how many partitions the members of a group have: none while
// a rebalance is under way.
func (b *Broker) Assigned(t testing.TB, group string) (n int) {
	t.Helper()
	g := b.describe(t, group)
	if g.State != "Stable" {
		return 0
	}
	for _, partitions := range g.AssignedPartitions() {
		n += len(partitions)
	}
	return n
}

func (b *Broker) describe(t testing.TB, group string) kadm.DescribedGroup {
	t.Helper()
	cl := b.brief(t)
	defer cl.Close()
	groups, err := kadm.NewClient(cl).DescribeGroups(within(t), group)
	if err != nil {
		t.Fatalf("kafkatest: describe group %s: %v", group, err)
	}
	return groups[group]
}
