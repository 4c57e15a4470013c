package runtime

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace-io/millrace/internal/task"
)

// generationWait bounds how long a refused generation is waited out: the
// client learns of a new one a few milliseconds after the broker (R2).
const generationWait = 2 * time.Second

// sendOffsets makes the offsets of t part of its transaction.
func (i *Instance) sendOffsets(ctx context.Context, cl *kgo.Client, t *txn) error {
	id, epoch, err := cl.ProducerID(ctx)
	if err != nil {
		return fmt.Errorf("send offsets: %w", err)
	}
	req := kmsg.NewPtrTxnOffsetCommitRequest()
	req.TransactionalID = t.slot.id
	req.Group = i.cfg.App
	req.ProducerID, req.ProducerEpoch = id, epoch
	for topic, offsets := range t.offsets() {
		rt := kmsg.NewTxnOffsetCommitRequestTopic()
		rt.Topic = topic
		for _, o := range offsets {
			rp := kmsg.NewTxnOffsetCommitRequestTopicPartition()
			rp.Partition, rp.Offset, rp.Metadata = o.Partition, o.Next, kmsg.StringPtr(o.Metadata)
			rt.Partitions = append(rt.Partitions, rp)
		}
		req.Topics = append(req.Topics, rt)
	}
	if !i.tv2 {
		if err := i.addOffsetsToTxn(ctx, cl, req); err != nil {
			return err
		}
	}
	return i.withGeneration(ctx, t, func(member string, generation int32) error {
		req.MemberID, req.Generation = member, generation
		resp, err := req.RequestWith(ctx, cl)
		if err != nil {
			return fmt.Errorf("send offsets: %w", err)
		}
		for _, rt := range resp.Topics {
			for _, rp := range rt.Partitions {
				if err := kerr.ErrorForCode(rp.ErrorCode); err != nil {
					return fmt.Errorf("send offset of %s[%d]: %w", rt.Topic, rp.Partition, err)
				}
			}
		}
		return nil
	})
}

// addOffsetsToTxn announces the group to the transaction, which brokers with
// transaction.version below 2 need (KIP-890).
func (i *Instance) addOffsetsToTxn(ctx context.Context, cl *kgo.Client, toc *kmsg.TxnOffsetCommitRequest) error {
	req := kmsg.NewPtrAddOffsetsToTxnRequest()
	req.TransactionalID, req.Group = toc.TransactionalID, toc.Group
	req.ProducerID, req.ProducerEpoch = toc.ProducerID, toc.ProducerEpoch
	for {
		resp, err := req.RequestWith(ctx, cl)
		if err == nil {
			err = kerr.ErrorForCode(resp.ErrorCode)
		}
		if !errors.Is(err, kerr.ConcurrentTransactions) {
			if err != nil {
				return fmt.Errorf("add offsets to the transaction: %w", err)
			}
			return nil
		}
		if !sleep(ctx, 5*time.Millisecond) {
			return ctx.Err()
		}
	}
}

// commitPlain commits the offsets of t outside of any transaction: under at
// least once, and where nothing was produced. It takes effect at once.
func (i *Instance) commitPlain(ctx context.Context, t *txn) error {
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Group = i.cfg.App
	for topic, offsets := range t.offsets() {
		rt := kmsg.NewOffsetCommitRequestTopic()
		rt.Topic = topic
		for _, o := range offsets {
			rp := kmsg.NewOffsetCommitRequestTopicPartition()
			rp.Partition, rp.Offset, rp.Metadata = o.Partition, o.Next, kmsg.StringPtr(o.Metadata)
			rt.Partitions = append(rt.Partitions, rp)
		}
		req.Topics = append(req.Topics, rt)
	}
	return i.withGeneration(ctx, t, func(member string, generation int32) error {
		req.MemberID, req.Generation = member, generation
		resp, err := req.RequestWith(ctx, i.admin)
		for err != nil && brokerAway(err) && !t.lost() && sleep(ctx, 100*time.Millisecond) {
			resp, err = req.RequestWith(ctx, i.admin) // to say it twice does no harm
		}
		if err != nil {
			return fmt.Errorf("commit offsets: %w", err)
		}
		for _, rt := range resp.Topics {
			for _, rp := range rt.Partitions {
				if err := kerr.ErrorForCode(rp.ErrorCode); err != nil {
					return fmt.Errorf("commit offset of %s[%d]: %w", rt.Topic, rp.Partition, err)
				}
			}
		}
		return nil
	})
}

// withGeneration calls send with the group's member id and generation until it
// succeeds or it is clear that it can't. The tasks of t were assigned under
// t.member; a commit under any other id would not be refused by the broker,
// although the tasks may have moved meanwhile.
func (i *Instance) withGeneration(ctx context.Context, t *txn, send func(member string, generation int32) error) error {
	deadline := i.now().Add(generationWait)
	for {
		member, generation, err := i.membership(t)
		if err != nil {
			return err
		}
		err = send(member, generation)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, kerr.RebalanceInProgress):
			// Plain commits only, while others synchronise. The revoked
			// callback bounds the wait by marking the tasks as lost.
		case errors.Is(err, kerr.IllegalGeneration):
			if i.now().After(deadline) {
				return err
			}
		case errors.Is(err, kerr.ConcurrentTransactions), retriableCoordinator(err):
		case errors.Is(err, kerr.UnknownMemberID):
			if i.link.unknown(member, i.now(), i.cfg.SessionTimeout/2) {
				i.log.Warn("the group does not know this member and the client has not noticed, cutting its connections", "member", member)
			}
			return err
		default:
			return err
		}
		if !sleep(ctx, 5*time.Millisecond) {
			return err
		}
	}
}

// membership is that under which the tasks of t were assigned, errLost if the group
// has gone on without it.
func (i *Instance) membership(t *txn) (member string, generation int32, err error) {
	member, generation = i.group.GroupMetadata()
	if t.lost() || member == "" || generation < 0 || member != t.member {
		return "", 0, errLost
	}
	return member, generation, nil
}

// mayWrite returns errLost if t should not go on. Under at least once nobody takes
// back what is written, and the changelog of a task that others have would say what
// was true before them.
func (i *Instance) mayWrite(t *txn) error {
	_, _, err := i.membership(t)
	return err
}

func retriableCoordinator(err error) bool {
	return errors.Is(err, kerr.CoordinatorLoadInProgress) || errors.Is(err, kerr.CoordinatorNotAvailable) || errors.Is(err, kerr.NotCoordinator)
}

// offsets groups the offsets of all its tasks by topic.
func (t *txn) offsets() map[string][]task.Offset {
	m := make(map[string][]task.Offset)
	for _, c := range t.commits {
		for _, o := range c.Offsets {
			m[o.Topic] = append(m[o.Topic], o)
		}
	}
	return m
}

// committed is a committed offset with what its metadata says.
type committed struct {
	offset int64 // -1 for none
	meta   task.Metadata
	known  bool // meta could be read
}

// stableOffsets fetches the committed offsets of partitions, waiting until no
// transaction has any of them pending (KIP-447). It asks in short steps, since
// the client's own wait is a fixed second.
func (i *Instance) stableOffsets(ctx context.Context, tps []tp) (map[tp]committed, error) {
	req := kmsg.NewPtrOffsetFetchRequest()
	req.RequireStable = true
	group := kmsg.NewOffsetFetchRequestGroup()
	group.Group = i.cfg.App
	for topic, partitions := range byTopic(tps) {
		rt := kmsg.NewOffsetFetchRequestGroupTopic()
		rt.Topic, rt.Partitions = topic, partitions
		group.Topics = append(group.Topics, rt)
	}
	req.Groups = append(req.Groups, group)
	since := i.now()
	for pause := 2 * time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		found, err := i.fetchOffsets(ctx, req)
		switch {
		case err == nil:
			return found, nil
		case errors.Is(err, kerr.UnstableOffsetCommit):
			i.unstable(tps, &since)
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case fatalBroker(err), errors.Is(err, task.ErrNewerMetadata):
			return nil, err
		}
		if !sleep(ctx, pause) {
			return nil, ctx.Err()
		}
	}
}

func (i *Instance) fetchOffsets(ctx context.Context, req *kmsg.OffsetFetchRequest) (map[tp]committed, error) {
	resp, err := req.RequestWith(ctx, i.admin)
	if err != nil {
		return nil, err
	}
	found := make(map[tp]committed)
	for _, g := range resp.Groups {
		if err := kerr.ErrorForCode(g.ErrorCode); err != nil {
			return nil, err
		}
		for _, rt := range g.Topics {
			for _, rp := range rt.Partitions {
				if err := kerr.ErrorForCode(rp.ErrorCode); err != nil {
					return nil, fmt.Errorf("fetch committed offset of %s[%d]: %w", rt.Topic, rp.Partition, err)
				}
				c := committed{offset: rp.Offset}
				if rp.Metadata != nil {
					m, err := task.DecodeMetadata(*rp.Metadata)
					if errors.Is(err, task.ErrNewerMetadata) {
						return nil, err
					}
					c.meta, c.known = m, err == nil
				}
				found[tp{rt.Topic, rp.Partition}] = c
			}
		}
	}
	return found, nil
}

// holdsCommit reports whether the group's offsets are those of t.
func (i *Instance) holdsCommit(ctx context.Context, t *txn) (bool, error) {
	for n, c := range t.commits {
		if t.handles[n].lost.Load() || len(c.Offsets) == 0 {
			continue
		}
		o := c.Offsets[0]
		at := tp{o.Topic, o.Partition}
		found, err := i.stableOffsets(ctx, []tp{at})
		if err != nil {
			return false, err
		}
		got := found[at]
		return got.offset == o.Next && got.known && uint64(got.meta.Transaction) == t.seq, nil
	}
	return false, nil // all tasks are lost: their next owner asks the broker
}
