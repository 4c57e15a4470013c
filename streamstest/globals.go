package streamstest

import (
	"math"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/task"
	"github.com/millrace-io/millrace/state"
)

// global is an instance's copy of a global table. It follows its topic at
// once: no task sees a state of it that is older than the record in hand.
type global struct {
	*task.Global
	spec  *graph.Global
	topic *topic
	store state.Store
	next  []int64 // by partition
	until []int64 // when to try a record again that could not be decoded, by partition
}

// openGlobals makes the global tables of an instance, and fills them.
func (d *Driver) openGlobals(inst *instance) error {
	for _, spec := range d.graph.Globals {
		s, err := inst.db.Store(state.ID{Name: spec.Name, Partition: -1})
		if err != nil {
			return err
		}
		if err := s.Clear(); err != nil { // it is filled anew at each start
			return err
		}
		t := d.topics[spec.Topic()]
		inst.globals = append(inst.globals, &global{
			Global: task.NewGlobal(task.GlobalConfig{Global: spec, Store: s, Policies: d.cfg.Errors, OnError: d.cfg.OnError}),
			spec:   spec, topic: t, store: s, next: make([]int64, len(t.partitions)), until: make([]int64, len(t.partitions)),
		})
	}
	return d.follow(inst)
}

// follow brings the global tables of an instance up to date.
func (d *Driver) follow(inst *instance) error {
	for _, g := range inst.globals {
		for number, p := range g.topic.partitions {
			if err := d.followPartition(g, int32(number), p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *Driver) followPartition(g *global, number int32, p *partition) error {
	for g.next[number] < p.end() && g.until[number] <= d.nowMs {
		d.scratch = d.scratch[:0]
		for _, i := range p.records[g.next[number]:] {
			d.scratch = append(d.scratch, g.topic.log[i].Input)
		}
		done, wait, err := g.Apply(number, d.scratch, state.Position{})
		g.next[number] += int64(done)
		if err != nil {
			return err
		}
		g.until[number] = d.nowMs + wait.Milliseconds()
	}
	return nil
}

// due is when a record is to be tried again, math.MaxInt64 if none is.
func (g *global) due() int64 {
	at := int64(math.MaxInt64)
	for number, p := range g.topic.partitions {
		if g.next[number] < p.end() {
			at = min(at, g.until[number])
		}
	}
	return at
}

// followAll brings all global tables up to date after a record for one of them.
func (d *Driver) followAll() error {
	d.behind = false
	for _, inst := range d.instances {
		if err := d.follow(inst); err != nil {
			return err
		}
	}
	return nil
}

func (i *instance) globalStores() map[string]state.Store {
	stores := map[string]state.Store{}
	for _, g := range i.globals {
		stores[g.spec.Name] = g.store
	}
	return stores
}
