package runtime

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/internal/task"
	"github.com/millrace-io/millrace/metrics"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/status"
)

// figures are what the instance adds up for its closing line and its status.
type figures struct {
	started       atomic.Int64 // Unix milliseconds
	records       atomic.Int64 // input records in committed transactions
	commits       atomic.Int64
	aborts        atomic.Int64
	restored      atomic.Int64
	lastCommit    atomic.Int64 // Unix milliseconds
	lastRebalance atomic.Int64 // Unix milliseconds
	generation    atomic.Int32
	member        atomic.Pointer[string]
}

// Totals are what an instance has done since its start.
type Totals struct {
	Records, Commits, Aborts, Restored int64
}

// Totals returns the sums so far.
func (i *Instance) Totals() Totals {
	f := &i.figures
	return Totals{f.records.Load(), f.commits.Load(), f.aborts.Load(), f.restored.Load()}
}

// State is what the instance does at the moment.
func (i *Instance) State() status.State { return i.state.Load().(status.State) }

// setState moves on to another state, never back from an end.
func (i *Instance) setState(to status.State, err error) {
	from := i.state.Swap(to).(status.State)
	if from == to {
		return
	}
	i.log.Info("state", "from", string(from), "to", string(to))
	if i.cfg.Observer.OnState != nil {
		i.cfg.Observer.OnState(processor.StateInfo{From: string(from), To: string(to), Err: err})
	}
}

// committed is told of every settled transaction, on the worker.
func (i *Instance) committed(w *worker, t *txn, took time.Duration, err error) {
	r := i.cfg.Recorder
	switch {
	case t.committed:
		r.Commits.OK.Inc()
		r.Transaction(t.records, took)
		r.LastCommit.Set(i.now())
		i.figures.records.Add(int64(t.records))
		i.figures.commits.Add(1)
		i.figures.lastCommit.Store(i.now().UnixMilli())
	case fenced(err):
		r.Commits.Fenced.Inc()
		i.figures.aborts.Add(1)
	default:
		r.Commits.Aborted.Inc()
		i.figures.aborts.Add(1)
	}
	for _, h := range t.handles {
		i.foldTask(h)
	}
	if i.cfg.Observer.OnCommit != nil {
		i.cfg.Observer.OnCommit(processor.CommitInfo{
			Worker: w.index, Sequence: t.seq, Tasks: len(t.handles), Records: t.records,
			Produced: t.produced, Committed: t.committed, Duration: took, Err: err,
		})
	}
}

// consumed counts what a poll brought for a partition.
func (i *Instance) consumed(at tp, records int, bytes int64) {
	m := i.cfg.Recorder.Topic(i.label(at.topic))
	m.Consumed.Add(int64(records))
	m.ConsumedBytes.Add(bytes)
}

// label is the name of a topic in metrics: that of its source's pattern if it
// has one.
func (i *Instance) label(topic string) string {
	if n := i.layout().source[topic]; n != nil && n.Source.Pattern != "" {
		return n.Source.Pattern
	}
	return topic
}

// rebalanced is told of every callback of the group that changed something.
func (i *Instance) rebalanced(phase string, ids []processor.TaskID, start time.Time) {
	took := i.now().Sub(start)
	member, generation := i.group.GroupMetadata()
	i.figures.member.Store(&member)
	i.figures.generation.Store(generation)
	i.figures.lastRebalance.Store(i.now().UnixMilli())
	r := i.cfg.Recorder
	r.LastRebalance.Set(i.now())
	switch phase {
	case "assign":
		r.Rebalances.OK.Inc()
		r.RebalanceTime.Assign.Observe(took)
	case "revoke":
		r.RebalanceTime.Revoke.Observe(took)
	case "lost":
		r.Rebalances.Lost.Inc()
		r.RebalanceTime.Lost.Observe(took)
	}
	i.log.Info("rebalance", "phase", phase, "generation", generation, "tasks", len(*i.held.Load()), "took", took)
	if i.cfg.Observer.OnRebalance != nil {
		i.cfg.Observer.OnRebalance(processor.RebalanceInfo{Phase: phase, Generation: generation, Tasks: ids, Duration: took})
	}
}

// taskError is told of every failed attempt at a record.
func (i *Instance) taskError(e *processor.Error, a processor.Action) {
	i.cfg.Recorder.Error(e.Class.String(), a.String())
	switch a {
	case processor.Retry:
		i.cfg.Recorder.Retry(e.Class.String())
	case processor.DeadLetter:
		i.cfg.Recorder.Topic(i.label(e.Topic)).DeadLetters.Inc()
	}
	if a != processor.Fail {
		i.log.Warn("record failed", "action", a.String(), "class", e.Class.String(), "node", e.Node,
			"topic", e.Topic, "partition", e.Partition, "offset", e.Offset, "err", e.Err)
	}
	if i.cfg.Observer.OnError != nil {
		i.cfg.Observer.OnError(e, a)
	}
}

// folded is what of a task's counters has been added to the metrics already.
type folded struct {
	drops        map[[2]string]uint64
	punctuations [2]uint64
}

// foldTask adds what a task has counted since the last call to the metrics.
// Called on the goroutine that owns the task.
func (i *Instance) foldTask(h *handle) {
	p := h.pub.Load()
	if p == nil {
		return
	}
	sub := i.cfg.Recorder.Subtopology(h.id.Subtopology)
	for _, d := range p.Drops() {
		n, key := d.Records.Load(), [2]string{d.Node, d.Reason}
		if n == h.folded.drops[key] {
			continue
		}
		if h.folded.drops == nil {
			h.folded.drops = make(map[[2]string]uint64)
		}
		sub.Dropped(d.Reason).Add(int64(n - h.folded.drops[key]))
		h.folded.drops[key] = n
	}
	for c, to := range []*metrics.Counter{processor.StreamTime: &i.cfg.Recorder.Punctuations.StreamTime, processor.WallClock: &i.cfg.Recorder.Punctuations.WallClock} {
		n := p.Punctuations[c].Load()
		to.Add(int64(n - h.folded.punctuations[c]))
		h.folded.punctuations[c] = n
	}
}

// Scrape fills in the live part of the metrics.
func (i *Instance) Scrape(l *metrics.Live) {
	l.State = string(i.State())
	for _, w := range i.workers {
		if w.tasksHeld.Load() == 0 {
			l.Workers.Idle++
		} else {
			l.Workers.Running++
		}
		l.TransactionsInFlight += int(w.inFlight.Load())
	}
	for _, h := range *i.held.Load() {
		l.AddTask(h.id.Subtopology, h.phase.Load() != phaseRunning)
		for _, p := range h.restores() {
			l.AddRestore(p.Store, p.Remaining())
		}
		p := h.pub.Load()
		if p == nil {
			continue
		}
		l.AddStreamTime(h.id.Subtopology, p.StreamTime.Load())
		l.EntriesBytes.Clean += p.CleanBytes.Load()
		l.EntriesBytes.Dirty += p.DirtyBytes.Load()
		l.EntriesBytes.Frozen += p.FrozenBytes.Load()
		for _, in := range p.Inputs {
			l.AddBuffered(h.id.Subtopology, in.BufferedRecords.Load(), in.BufferedBytes.Load())
			l.AddPartition(i.label(in.Topic), h.id.Partition, h.lag(in), false)
		}
	}
	if i.db == nil {
		return
	}
	f := i.db.Figures()
	l.MemoryBytes.Memtable, l.MemoryBytes.BlockCache, l.MemoryBytes.TableIndex = f.MemtableBytes, f.BlockCacheBytes, f.TableIndexBytes
	l.BlockCache.Hits, l.BlockCache.Misses = f.CacheHits, f.CacheMisses
	l.CompactionDebtBytes, l.WriteStallSeconds = f.CompactionDebtBytes, f.WriteStallSeconds
	for _, s := range f.Stores {
		l.AddStore(s.ID.Name, s.Entries, s.DiskBytes)
	}
}

// Snapshot is the instance as it is now.
func (i *Instance) Snapshot() status.Snapshot {
	f := &i.figures
	s := status.Snapshot{
		App: i.cfg.App, Instance: i.id, At: i.now(), Started: millis(f.started.Load()), State: i.State(),
		Guarantee: "at_least_once", LastCommit: millis(f.lastCommit.Load()), Checks: i.Checks(),
	}
	if i.cfg.ExactlyOnce {
		s.Guarantee = "exactly_once"
	}
	select {
	case <-i.failed:
		s.Error = i.cause.Error()
	default:
	}
	s.Group.Generation, s.Group.LastRebalance = f.generation.Load(), millis(f.lastRebalance.Load())
	if m := f.member.Load(); m != nil {
		s.Group.MemberID = *m
	}
	for _, w := range i.workers {
		one := status.Worker{ID: w.index, State: status.Running, Tasks: int(w.tasksHeld.Load()), LastTurn: millis(w.turnedAt.Load()), TransactionsInFlight: int(w.inFlight.Load())}
		if one.Tasks == 0 {
			one.State = status.Idle
		}
		s.TransactionsInFlight += one.TransactionsInFlight
		s.Workers = append(s.Workers, one)
	}
	held := *i.held.Load()
	for _, id := range sortedTasks(held) {
		s.Tasks = append(s.Tasks, held[id].status())
	}
	return s
}

func (h *handle) status() status.Task {
	t := status.Task{
		ID: h.id.String(), Subtopology: h.id.Subtopology, Partition: h.id.Partition,
		State: status.Starting, Worker: h.worker.index, StreamTimeMs: -1, Restores: h.restores(),
	}
	switch h.phase.Load() {
	case phaseRestoring:
		t.State = status.Restoring
	case phaseRunning:
		t.State = status.Running
	case phaseClosed:
		t.State = status.Stopping
	}
	p := h.pub.Load()
	if p == nil {
		return t
	}
	t.StreamTimeMs, t.Processed = p.StreamTime.Load(), p.Records.Load()
	for _, d := range p.Drops() {
		if n := d.Records.Load(); n > 0 {
			if t.Dropped == nil {
				t.Dropped = make(map[string]uint64)
			}
			t.Dropped[d.Reason] += n
		}
	}
	for _, in := range p.Inputs {
		t.BufferedRecords += in.BufferedRecords.Load()
		t.BufferedBytes += in.BufferedBytes.Load()
		end := int64(-1)
		if e := h.ends[in.Topic]; e != nil {
			end = e.Load()
		}
		t.Inputs = append(t.Inputs, status.Input{
			Topic: in.Topic, Position: in.Position.Load(), Committed: -1, End: end, BufferedRecords: in.BufferedRecords.Load(),
		})
	}
	return t
}

// lag is how far a task is behind the last stable offset of an input as of the
// last fetch, -1 if not known.
func (h *handle) lag(in *task.InputFigures) int64 {
	e := h.ends[in.Topic]
	if e == nil || e.Load() < 0 || in.Position.Load() < 0 {
		return -1
	}
	return max(e.Load()-in.Position.Load(), 0)
}

// restores are the stores that are being read back.
func (h *handle) restores() []status.Progress {
	if h.phase.Load() != phaseRestoring {
		return nil
	}
	var out []status.Progress
	for _, spec := range h.sub.Stores {
		p := h.progress[spec.Name]
		if p == nil {
			continue
		}
		r := p.Now()
		out = append(out, status.Progress{Store: spec.Name, Partition: h.id.Partition, Start: r.Start, Position: r.Position, End: r.End, Records: r.Records})
	}
	return out
}

// Checks are the conditions of readiness: in the group, and all tasks
// restored. An instance without tasks is a ready spare.
func (i *Instance) Checks() []status.Check {
	group := status.Check{Name: "group", OK: i.figures.member.Load() != nil && *i.figures.member.Load() != ""}
	if !group.OK {
		group.Detail = "not in the group"
	}
	switch s := i.State(); s {
	case status.Stopping, status.Stopped, status.Failed, status.Created:
		group.OK, group.Detail = false, string(s)
	}
	if i.brokersAway.Load() {
		group.OK, group.Detail = false, "no broker answers"
	}
	checks := []status.Check{group}
	held := *i.held.Load()
	for _, id := range sortedTasks(held) {
		switch h := held[id]; h.phase.Load() {
		case phaseStarting:
			checks = append(checks, status.Check{Name: "task " + id.String(), Detail: "starting"})
		case phaseRestoring:
			for _, p := range h.restores() {
				checks = append(checks, status.Check{Name: fmt.Sprintf("restore %s-%d", p.Store, p.Partition), Detail: fmt.Sprintf("%d%%", p.Percent())})
			}
		}
	}
	return checks
}

// Live returns an error if only a restart helps.
func (i *Instance) Live() error {
	select {
	case <-i.failed:
		return i.cause
	default:
	}
	if s := i.State(); s == status.Created || s == status.Starting || s == status.Stopped {
		return nil
	}
	limit := i.now().Add(-stuckWorker)
	n := slices.IndexFunc(i.workers, func(w *worker) bool { return millis(w.turnedAt.Load()).Before(limit) })
	if n >= 0 {
		return fmt.Errorf("worker %d has not turned since %s: user code blocks it", n, millis(i.workers[n].turnedAt.Load()).Format(time.RFC3339))
	}
	return nil
}

// stuckWorker is how long a worker may be silent: its loop turns at least once
// a second.
const stuckWorker = 30 * time.Second

func millis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// commitError is what Run returns when a transaction fails for good.
func commitError(t *txn, err error) error {
	e := &processor.Error{Class: processor.Commit, Task: t.commits[0].Task, Partition: -1, Offset: -1, Err: err}
	return e
}

// duplicateInstance is what Run returns when transactions are fenced again and
// again although the member is in the group.
func duplicateInstance(id string, err error) error {
	return fmt.Errorf("another process uses instance id %q: %w (give each instance a state folder or Config.InstanceID of its own)", id, errors.Join(err))
}
