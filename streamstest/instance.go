package streamstest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/task"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
)

// instance is one process of the application: a database, and the tasks that
// commit together.
type instance struct {
	index   int
	db      state.DB
	globals []*global
	tasks   []*running // by id

	uncommitted int // records processed and punctuations called since the last commit

	// What is being committed: a commit of each of these tasks.
	freezing []*running
	frozen   []*task.Commit
}

// running is a task on an instance.
type running struct {
	*task.Task
	on     *instance
	sub    *graph.Subtopology
	inputs []*topic // of which it reads the partition with its number
	stores map[string]state.Store
	until  int64 // when it is worth while to let it process again, if no record comes
	parked bool  // because a retry waits for its back-off
	// draining says that a commit waits for calls to other services, and that
	// one of them waits for its retry.
	draining bool
	queued   bool // is among Driver.ready
	closed   bool
}

// start starts n instances and spreads all tasks over them.
func (d *Driver) start(n int) {
	d.failed = nil
	d.instances = nil
	for i := range n {
		inst := &instance{index: i}
		d.instances = append(d.instances, inst)
		if err := d.open(inst); err != nil {
			d.fail(err)
			return
		}
	}
	for i, id := range d.taskIDs() {
		if err := d.assign(id, d.instances[i%n]); err != nil {
			d.fail(err)
			return
		}
	}
}

func (d *Driver) open(inst *instance) (err error) {
	inst.db, err = d.cfg.State(inst.index).Open(context.Background(), state.Options{App: d.cfg.AppID})
	if err != nil {
		return fmt.Errorf("open the state of instance %d: %w", inst.index, err)
	}
	return d.openGlobals(inst)
}

// taskIDs are the tasks of the topology that have something to read.
func (d *Driver) taskIDs() (ids []processor.TaskID) {
	for _, sub := range d.graph.Subtopologies {
		for p := range d.layout.Tasks[sub.ID] {
			ids = append(ids, processor.TaskID{Subtopology: sub.ID, Partition: int32(p)})
		}
	}
	return ids
}

// assign starts a task on an instance, from the committed offsets and with the
// state that the changelogs hold.
func (d *Driver) assign(id processor.TaskID, inst *instance) error {
	sub := d.graph.Subtopologies[id.Subtopology]
	r := &running{on: inst, sub: sub, stores: map[string]state.Store{}, until: math.MaxInt64}
	cfg := task.Config{
		App: d.cfg.AppID, Sub: sub, Partition: id.Partition, NowMs: d.nowMs,
		Topics: map[*graph.Node][]string{}, Positions: map[string]int64{}, Restored: map[string]task.Metadata{},
		Stores: r.stores, Globals: inst.globalStores(), Policies: d.cfg.Errors, OnError: d.cfg.OnError,
		ExactlyOnce: !d.cfg.AtLeastOnce, // calls run at once, by graph.Inline
		Partitions:  d.partitions,
	}
	for _, in := range d.layout.Inputs[sub.ID] {
		if int(id.Partition) >= in.Partitions {
			continue
		}
		t := d.topics[in.Topic]
		p := t.partitions[id.Partition]
		cfg.Topics[in.Source] = append(cfg.Topics[in.Source], in.Topic)
		cfg.Positions[in.Topic] = max(0, p.next)
		if p.next >= 0 {
			m, err := task.DecodeMetadata(p.metadata)
			if err != nil {
				return err
			}
			cfg.Restored[in.Topic] = m
		}
		r.inputs = append(r.inputs, t)
	}
	for _, spec := range sub.Stores {
		s, err := inst.db.Store(state.ID{Name: spec.Name, Partition: id.Partition})
		if err == nil {
			r.stores[spec.Name] = s
			var n int64
			n, err = d.restore(spec, s, id.Partition)
			d.counts.restored[spec.Name] += uint64(n)
		}
		if err != nil {
			return errors.Join(err, r.closeStores())
		}
	}
	var err error
	if r.Task, err = task.New(cfg); err != nil {
		return errors.Join(err, r.closeStores())
	}
	i, _ := slices.BinarySearchFunc(inst.tasks, id, func(r *running, id processor.TaskID) int { return compareIDs(r.ID(), id) })
	inst.tasks = slices.Insert(inst.tasks, i, r)
	for _, t := range r.inputs {
		t.partitions[id.Partition].task = r
	}
	d.wake(r)
	return nil
}

func compareIDs(a, b processor.TaskID) int {
	if a.Subtopology != b.Subtopology {
		return a.Subtopology - b.Subtopology
	}
	return int(a.Partition - b.Partition)
}

// feed hands the task what is new in its topics.
func (d *Driver) feed(r *running) {
	number := r.ID().Partition
	for _, t := range r.inputs {
		p := t.partitions[number]
		if from := r.Position(t.name); from < p.end() {
			d.scratch = d.scratch[:0]
			for _, i := range p.records[from:] {
				d.scratch = append(d.scratch, t.log[i].Input)
			}
			r.Add(t.name, d.scratch)
		}
		r.SetLag(t.name, 0)
	}
}

// release takes a task off its instance without a commit. What its stores hold
// stays where it is.
func (d *Driver) release(r *running) error {
	r.closed = true
	r.drops(d.counts.keepDrop)
	r.figures(d.counts.keepMetric)
	for _, t := range r.inputs {
		t.partitions[r.ID().Partition].task = nil
	}
	r.on.tasks = slices.DeleteFunc(r.on.tasks, func(o *running) bool { return o == r })
	return errors.Join(r.Close(), r.closeStores())
}

func (r *running) closeStores() error {
	var errs []error
	for _, s := range r.stores {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// stop stops instances without a commit.
func (d *Driver) stop(instances []*instance) error {
	var errs []error
	for _, inst := range instances {
		for len(inst.tasks) > 0 {
			errs = append(errs, d.release(inst.tasks[0]))
		}
		for _, g := range inst.globals {
			g.drops(d.counts.keepDrop)
			errs = append(errs, g.store.Close())
		}
		inst.globals, inst.uncommitted = nil, 0
		if inst.db != nil {
			errs = append(errs, inst.db.Close())
			inst.db = nil
		}
	}
	return errors.Join(errs...)
}
