package runtime

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

var errRecreated = errors.New("the topic was deleted and recreated")

// afterLoss is where to go on when records are gone, by the source's policy.
// position is -1 if it is not known what is gone.
func (i *Instance) afterLoss(h *handle, p tp, log bounds, position int64, cause error) (int64, error) {
	var lost int64
	if position >= 0 {
		lost = max(log.start-position, 0)
	}
	at := log.start
	switch i.source(p).DataLoss {
	case graph.DataLossFail:
		return 0, i.dataLossError(h, p, position, cause)
	case graph.DataLossLatest:
		at = log.stable
		lost += at - log.start
	}
	i.log.Error("records were lost, going on behind them", "topic", p.topic, "partition", p.partition, "lost", lost, "next", at, "err", cause)
	i.cfg.Recorder.Topic(i.label(p.topic)).Lost.Add(lost)
	return at, nil
}

func (i *Instance) source(p tp) *graph.Source { return i.layout().source[p.topic].Source }

func (i *Instance) dataLossError(h *handle, p tp, position int64, cause error) error {
	return &processor.Error{
		Class: processor.Commit, Task: h.id, Topic: p.topic, Partition: p.partition, Offset: position, Err: cause,
		Hint: "records were deleted before they were processed; choose the data-loss policy earliest or latest for this source to go on, or reset the application",
	}
}

// position is the offset at which a task reads on, -1 if that is not known.
func (h *handle) position(topic string) int64 {
	if pub := h.pub.Load(); pub != nil {
		for _, in := range pub.Inputs {
			if in.Topic == topic {
				return in.Position.Load()
			}
		}
	}
	return -1
}

// dataLost deals with records that vanished while they were being read: the
// task starts again, and what startOffsets finds then decides. The client says
// it with each poll, and is heard once.
func (i *Instance) dataLost(p tp, cause error) {
	h := (*i.fetcher.routes.Load())[p]
	if h == nil || h.restarting.Swap(true) {
		return
	}
	i.background.Go(func() {
		i.log.Warn("starting a task again", "task", h.id.String(), "topic", p.topic, "err", cause)
		if err := i.restartTask(h, p); err != nil && !i.stopping() {
			i.fail(err)
		}
	})
}

// restartTask gives a task up and takes it on again, as if it were new here.
// If the topic is another one now, so is every task that reads it.
func (i *Instance) restartTask(h *handle, p tp) error {
	recreated, err := i.awaitTopic(h, p)
	if err != nil || i.stopping() {
		return err
	}
	restart := false
	i.inCallback(func() {
		held := i.tasks()
		if restart = held[h.id] == h; !restart {
			return // lost, or started again with another task of the topic
		}
		gone := []*handle{h}
		if recreated {
			gone = i.giveUpTopic(p.topic)
		}
		for _, h := range gone {
			delete(held, h.id)
		}
		i.setTasks(held)
		i.lose(gone)
		<-i.releaseAll(gone)
	})
	if !restart {
		return nil
	}
	if recreated {
		// The client holds on to a topic's id for as long as it knows the
		// topic. It may or may not give up the partitions by this: if it does,
		// its callbacks say so.
		i.group.PurgeTopicsFromConsuming(p.topic)
		i.group.AddConsumeTopics(p.topic)
	}
	i.inCallback(func() { i.takeOn() })
	return nil
}

// giveUpTopic returns the tasks that read a topic. They start again when the
// client has looked up its partitions anew.
func (i *Instance) giveUpTopic(topic string) (gone []*handle) {
	for _, h := range i.tasks() {
		at := slices.IndexFunc(h.inputs, func(p tp) bool { return p.topic == topic })
		if at >= 0 {
			gone = append(gone, h)
			i.loaded.set(h.inputs[at:at+1], false)
		}
	}
	return gone
}

// awaitTopic waits, once a second, until a topic exists, and reports whether it
// is another one than the one that h reads.
func (i *Instance) awaitTopic(h *handle, p tp) (recreated bool, err error) {
	for sleep(i.abortCtx, time.Second) && !i.stopping() {
		ids, err := i.topicIDs(i.abortCtx, []tp{p})
		switch {
		case err == nil && !i.replaced(p, ids[p.topic]):
			return false, nil
		case err == nil && i.source(p).DataLoss == graph.DataLossFail:
			return true, i.dataLossError(h, p, h.position(p.topic), errRecreated)
		case err == nil:
			return true, nil
		case !errors.Is(err, kerr.UnknownTopicOrPartition):
		case i.source(p).DataLoss == graph.DataLossFail:
			return false, i.dataLossError(h, p, h.position(p.topic), errors.New("the topic was deleted"))
		default:
			i.log.Warn("an input was deleted; waiting for it to be made anew", "topic", p.topic)
		}
	}
	return false, nil
}

// topicIDs asks for the present ids of the topics of partitions.
func (i *Instance) topicIDs(ctx context.Context, tps []tp) (map[string][16]byte, error) {
	names := sortedKeys(byTopic(tps))
	topics, err := i.adm.ListTopicsWithInternal(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("list topics: %w", err)
	}
	ids := make(map[string][16]byte, len(names))
	for _, name := range names {
		if err := topics[name].Err; err != nil {
			return nil, fmt.Errorf("topic %s: %w", name, err)
		}
		ids[name] = topics[name].ID
	}
	return ids, nil
}

// metaInput is the metadata key under which the id of the topic is kept that a
// partition was read from last. Brokers delete the committed offsets of a
// deleted topic, so that nothing else tells a new one from a recreated one.
func metaInput(p tp) string { return "input:" + p.String() }

// replaced reports whether this instance has read p in a topic with another id.
func (i *Instance) replaced(p tp, id [16]byte) bool {
	stored, ok, err := i.db.Meta(metaInput(p))
	return err == nil && ok && !bytes.Equal(stored, id[:])
}

// remember keeps the ids of the topics that partitions are read from.
func (i *Instance) remember(tps []tp, ids map[string][16]byte) error {
	for _, p := range tps {
		id := ids[p.topic]
		stored, ok, err := i.db.Meta(metaInput(p))
		if err == nil && !(ok && slices.Equal(stored, id[:])) {
			err = i.db.SetMeta(metaInput(p), id[:])
		}
		if err != nil {
			return fmt.Errorf("keep the id of topic %s: %w", p.topic, err)
		}
	}
	return nil
}
