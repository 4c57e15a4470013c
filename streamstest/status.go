package streamstest

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/status"
)

// Status is the application as App.Status shows it, with the tasks of all
// instances: a task's Worker is the number of its instance.
func (d *Driver) Status() status.Snapshot {
	s := status.Snapshot{
		App: d.cfg.AppID, Instance: "driver", Guarantee: "exactly_once", At: d.Now(),
		Started: d.cfg.Start.UTC(), State: status.Running,
	}
	if d.cfg.AtLeastOnce {
		s.Guarantee = "at_least_once"
	}
	if d.failed != nil {
		s.State, s.Error = status.Failed, d.failed.Error()
	}
	for _, inst := range d.instances {
		w := status.Worker{ID: inst.index, State: status.Running, Tasks: len(inst.tasks), LastTurn: d.Now()}
		if len(inst.tasks) == 0 {
			w.State = status.Idle
		}
		s.Workers = append(s.Workers, w)
	}
	for _, r := range d.tasks() {
		s.Tasks = append(s.Tasks, d.taskStatus(r))
	}
	return s
}

func (d *Driver) taskStatus(r *running) status.Task {
	p, id := r.Published(), r.ID()
	t := status.Task{
		ID: id.String(), Subtopology: id.Subtopology, Partition: id.Partition, State: status.Running,
		Worker: r.on.index, StreamTimeMs: p.StreamTime.Load(), Processed: p.Records.Load(),
	}
	if r.parked {
		t.State = status.Parked
	}
	for _, c := range p.Drops() {
		if n := c.Records.Load(); n > 0 {
			if t.Dropped == nil {
				t.Dropped = map[string]uint64{}
			}
			t.Dropped[c.Reason] += n
		}
	}
	for _, in := range p.Inputs {
		at := d.topics[in.Topic].partitions[id.Partition]
		t.BufferedRecords += in.BufferedRecords.Load()
		t.BufferedBytes += in.BufferedBytes.Load()
		one := status.Input{
			Topic: in.Topic, Position: in.Position.Load(), Committed: max(0, at.next), End: at.end(),
			BufferedRecords: in.BufferedRecords.Load(), WatermarkMs: -1,
		}
		if w := in.Watermark; w != nil {
			one.WatermarkMs, one.HoldsBack, one.Idle, one.Disordered = w.Time.Load(), w.HoldsBack.Load(), w.Idle.Load(), w.Disordered.Load()
		}
		t.Inputs = append(t.Inputs, one)
	}
	for _, spec := range r.sub.Stores {
		t.Stores = append(t.Stores, d.storeStatus(r, spec))
	}
	return t
}

func (d *Driver) storeStatus(r *running, spec *graph.StoreSpec) status.Store {
	base := r.stores[spec.Name]
	_, dirty, frozen := r.Store(spec.Name).Bytes()
	out := status.Store{Name: spec.Name, UncommittedBytes: dirty + frozen}
	if spec.Logged {
		out.Changelog = d.ChangelogTopic(spec.Name)
	}
	if p, ok := base.Position(); ok {
		out.Position = p.Next
	}
	for _, f := range r.on.db.Figures().Stores {
		if f.ID == (state.ID{Name: spec.Name, Partition: r.ID().Partition}) {
			out.Entries, out.DiskBytes = f.Entries, f.DiskBytes
		}
	}
	return out
}
