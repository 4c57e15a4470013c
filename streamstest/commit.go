package streamstest

import (
	"math"
	"slices"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/task"
	"github.com/millrace-io/millrace/state"
)

// Commit commits what was processed. What one subtopology writes becomes
// visible to the next one with that; it is processed and committed in turn,
// until nothing is left.
func (d *Driver) Commit() {
	d.tb.Helper()
	d.settle()
	for d.failed == nil && d.commitAll() {
		d.settle()
	}
	d.report()
}

// commitAll commits once on each instance. It reports whether any had
// something to commit.
func (d *Driver) commitAll() (any bool) {
	for _, inst := range slices.Clone(d.instances) {
		if d.failed == nil && slices.ContainsFunc(inst.tasks, func(r *running) bool { return r.NeedsCommit() && !r.draining }) {
			any = true
			if err := d.commit(inst); err != nil {
				d.fail(err)
			}
		}
	}
	return any
}

// commit commits what the tasks of an instance have done: one transaction, or
// under at least once three steps that a crash can part. If the instance goes
// down meanwhile, that is no error.
func (d *Driver) commit(inst *instance) error {
	if down, err := d.reached(BeforeCommit, inst); down {
		return err
	}
	d.seq++
	inst.uncommitted = 0
	tasks, commits := inst.freezing[:0], inst.frozen[:0]
	for _, r := range inst.tasks {
		if !r.NeedsCommit() {
			continue
		}
		if ready, err := d.drain(r); err != nil {
			return err
		} else if !ready {
			continue
		}
		c, err := r.Commit(d.seq, d.nowMs)
		if err != nil {
			return err
		}
		if c != nil {
			tasks, commits = append(tasks, r), append(commits, c)
		}
	}
	inst.freezing, inst.frozen = tasks, commits
	if len(commits) == 0 {
		return nil
	}
	if down, err := d.reached(AfterFreeze, inst); down {
		return err
	}
	if d.aborts > 0 {
		d.aborts--
		d.abort(inst)
		return nil
	}
	if d.cfg.AtLeastOnce {
		if err := d.produce(commits); err != nil {
			return err
		}
	}
	if down, err := d.reached(AfterProduce, inst); down {
		return err // exactly once: the transaction is aborted with all that was produced
	}
	if !d.cfg.AtLeastOnce {
		if err := d.produce(commits); err != nil {
			return err
		}
	}
	for _, c := range commits {
		for _, o := range c.Offsets {
			d.commitOffset(o)
		}
	}
	d.counts.commits++
	if down, err := d.reached(AfterEnd, inst); down {
		return err
	}
	for i, c := range commits {
		if err := d.apply(tasks[i], c); err != nil {
			return err
		}
	}
	_, err := d.reached(AfterApply, inst)
	return err
}

// drain makes sure that no calls to other services are open which a commit of
// the task has to wait for. While there are, the task takes no more records and
// the others commit without it.
func (d *Driver) drain(r *running) (ready bool, err error) {
	res, err := r.Drain(d.nowMs)
	if err != nil {
		return false, err
	}
	r.draining = res.Wait != task.WaitNone
	if r.draining {
		r.until = res.Until
	}
	return !r.draining, nil
}

// Abort has the next commits fail, as many as times says, as they do when a
// broker refuses a record. The instance goes on: its tasks go back to what was
// committed last and process the records after it again.
func (d *Driver) Abort(times int) { d.aborts = times }

// abort takes all tasks of an instance back to the last commit.
func (d *Driver) abort(inst *instance) {
	d.counts.aborted++
	for _, r := range inst.tasks {
		r.Discard()
		r.until, r.parked, r.draining = math.MaxInt64, false, false
		d.wake(r)
	}
}

// produce writes outputs and changelogs.
func (d *Driver) produce(commits []*task.Commit) error {
	for _, c := range commits {
		for i := range c.Out.Len() {
			o := c.Out.At(i)
			in := record(c.Out.Key(i), c.Out.Value(i), o.Time)
			in.Headers = c.Out.Headers(i)
			t := d.written(o.Topic)
			t.produced++
			d.append(t, o.Partition, in)
		}
		for _, s := range c.Stores {
			if !s.Spec.Logged {
				continue
			}
			if err := d.logBatch(s.Spec, s.Batch, c.Task.Partition); err != nil {
				return err
			}
		}
	}
	return nil
}

// apply brings what was committed into the stores.
func (d *Driver) apply(r *running, c *task.Commit) error {
	r.Settled(c)
	return r.Apply(func(s *graph.StoreSpec) state.Position {
		if !s.Logged {
			return state.Position{TopicID: d.id}
		}
		return d.position(d.topics[d.ChangelogTopic(s.Name)].partitions[c.Task.Partition])
	})
}

// ChangelogTopic is the full name of the topic that backs a store.
func (d *Driver) ChangelogTopic(store string) string {
	return graph.ChangelogTopic(d.cfg.AppID, store)
}
