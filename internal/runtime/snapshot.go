package runtime

import (
	"github.com/millrace-io/millrace/internal/task"
	"github.com/millrace-io/millrace/status"
)

// Snapshot is the instance as it is now.
func (i *Instance) Snapshot() status.Snapshot {
	f := &i.figures
	s := status.Snapshot{
		App: i.cfg.App, At: i.now(), Started: millis(f.started.Load()), State: i.State(),
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
	if !i.up.Load() {
		return s
	}
	s.Instance = i.id
	for _, w := range i.workers {
		one := status.Worker{ID: w.index, State: status.Running, Tasks: int(w.tasksHeld.Load()), LastTurn: millis(w.turnedAt.Load()), TransactionsInFlight: int(w.inFlight.Load())}
		if one.Tasks == 0 {
			one.State = status.Idle
		}
		s.TransactionsInFlight += one.TransactionsInFlight
		s.Workers = append(s.Workers, one)
	}
	for _, g := range i.globals {
		s.Globals = append(s.Globals, g.status())
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
		one := status.Input{
			Topic: in.Topic, Position: in.Position.Load(), Committed: in.Committed.Load(), End: end, BufferedRecords: in.BufferedRecords.Load(), WatermarkMs: -1,
		}
		if w := in.Watermark; w != nil {
			one.WatermarkMs, one.HoldsBack, one.Idle, one.Disordered = w.Time.Load(), w.HoldsBack.Load(), w.Idle.Load(), w.Disordered.Load()
		}
		t.Inputs = append(t.Inputs, one)
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
