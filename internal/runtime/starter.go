package runtime

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/millrace-io/millrace/changelog"
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/task"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
)

// start brings a task up on a goroutine of its own, beside the processing of
// others, and hands it to its worker. Its inputs are paused until then.
func (i *Instance) start(h *handle) {
	defer close(h.started)
	err := i.startTask(h)
	if err == nil || h.ctx.Err() != nil {
		return
	}
	i.fail(fmt.Errorf("start task %s: %w", h.id, err))
}

func (i *Instance) startTask(h *handle) error {
	// The client must know the partitions before its positions can be set.
	if err := i.loaded.wait(h.ctx, h.inputs); err != nil {
		return err
	}
	found, err := i.stableOffsets(h.ctx, h.inputs)
	if err != nil {
		return err
	}
	begin, err := i.startOffsets(h.ctx, h, found)
	if err != nil {
		return err
	}
	h.phase.Store(phaseRestoring)
	if err := i.openStores(h); err != nil {
		return err
	}
	globals, err := i.awaitGlobals(h.ctx, h.sub)
	if err != nil {
		return err
	}
	cfg := task.Config{
		App: i.cfg.App, Sub: h.sub, Partition: h.id.Partition, Topics: h.topics,
		Positions: begin.positions, Restored: make(map[string]task.Metadata), Stores: h.stores, Globals: globals,
		Executor: i.calls, Wake: h.worker.box.notify, ExactlyOnce: i.cfg.ExactlyOnce,
		Policies: i.cfg.Policies, OnError: i.taskError, Context: h.work,
		Partitions: func(topic string) (int, error) { return i.partitions(h.work, topic) },
		EntryBytes: i.taskEntryBytes(), MaxRecordBytes: maxRecordBytes, NowMs: i.now().UnixMilli(),
	}
	for p, c := range found {
		if c.known {
			cfg.Restored[p.topic] = c.meta
		}
	}
	h.task, err = task.New(cfg)
	if err != nil {
		return err
	}
	for topic, lag := range begin.lags {
		h.task.SetLag(topic, lag)
		h.ends[topic].Store(begin.positions[topic] + lag)
	}
	h.pub.Store(h.task.Published())
	i.cfg.Recorder.Tasks.Created.Inc()
	h.worker.adopt(h)
	i.fetcher.seek(h, begin.positions)
	return nil
}

// openStores opens and restores the stores of a task, all at once.
func (i *Instance) openStores(h *handle) error {
	h.stores = make(map[string]state.Store)
	h.topicIDs = make(map[string][16]byte)
	group, ctx := errgroup.WithContext(h.ctx)
	for _, spec := range h.sub.Stores {
		id := state.ID{Name: spec.Name, Partition: h.id.Partition}
		s, err := i.db.Store(id)
		if err != nil {
			return fmt.Errorf("open store %s: %w", spec.Name, err)
		}
		h.stores[spec.Name] = s
		if !spec.Logged {
			continue
		}
		topic := graph.ChangelogTopic(i.cfg.App, spec.Name)
		info := i.layout().infos[topic]
		h.topicIDs[spec.Name] = info.ID
		group.Go(func() error { return i.restore(ctx, h, spec, s, topic, info) })
	}
	return group.Wait()
}

func (i *Instance) restore(ctx context.Context, h *handle, spec *graph.StoreSpec, s state.Store, topic string, info changelog.Info) error {
	start := i.now()
	res, err := i.restorer.Restore(ctx, changelog.Request{
		Store: s, ID: state.ID{Name: spec.Name, Partition: h.id.Partition},
		Topic: topic, TopicID: info.ID, Partition: h.id.Partition,
		Format: spec.Format, Retention: spec.Retention, Keep: spec.Keep, DeleteRetention: info.DeleteRetention, Progress: h.progress[spec.Name],
	})
	took := i.now().Sub(start)
	out := processor.RestoreInfo{
		Task: h.id, Store: spec.Name, From: res.Start, To: res.End, Records: res.Records,
		Duration: took, Err: err,
	}
	if res.Dropped != changelog.Kept {
		out.Dropped = res.Dropped.String()
	}
	if i.cfg.Observer.OnRestore != nil {
		i.cfg.Observer.OnRestore(out)
	}
	if err != nil {
		return &processor.Error{Class: processor.Restore, Task: h.id, Topic: topic, Partition: h.id.Partition, Offset: res.End, Err: err}
	}
	m := i.cfg.Recorder.Store(spec.Name)
	m.Restored.Add(res.Records)
	i.figures.restored.Add(res.Records)
	m.RestoreTime.Observe(took)
	i.log.Debug("restored", "task", h.id.String(), "store", spec.Name, "records", res.Records, "took", took)
	return nil
}

// closeTask closes a task that is not processed any more, and its stores.
// What they hold stays, with the time until which it was current.
func (i *Instance) closeTask(h *handle) {
	if h.phase.Swap(phaseClosed) == phaseClosed {
		return
	}
	h.worker.tasksHeld.Add(-1)
	h.abandon()
	if h.task != nil {
		if err := h.task.Close(); err != nil {
			i.log.Warn("close task", "task", h.id.String(), "err", err)
		}
		i.cfg.Recorder.Tasks.Closed.Inc()
		i.foldTask(h)
	}
	for name, s := range h.stores {
		if p, ok := s.Position(); ok && !h.lost.Load() && h.task != nil {
			// The store was current until now: its age counts from here.
			p.CurrentAt = i.now().UnixMilli()
			_ = s.Apply(&state.Batch{}, p)
		}
		if err := s.Close(); err != nil {
			i.log.Warn("close store", "task", h.id.String(), "store", name, "err", err)
		}
	}
}

// loads knows which partitions the client has offsets for since their
// assignment.
type loads struct {
	mu      sync.Mutex // guards the fields below
	known   map[tp]bool
	changed chan struct{} // closed and replaced at each change
}

func newLoads() *loads { return &loads{known: make(map[tp]bool), changed: make(chan struct{})} }

func (l *loads) set(tps []tp, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range tps {
		if known {
			l.known[p] = true
		} else {
			delete(l.known, p)
		}
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *loads) wait(ctx context.Context, tps []tp) error {
	for {
		l.mu.Lock()
		missing := false
		for _, p := range tps {
			missing = missing || !l.known[p]
		}
		changed := l.changed
		l.mu.Unlock()
		if !missing {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// sleep waits for d; it returns false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	if ctx.Err() != nil {
		return false
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
