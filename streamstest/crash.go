package streamstest

import (
	"cmp"
	"errors"
	"slices"

	"github.com/millrace-io/millrace/processor"
)

// Step is a moment in a commit at which an instance can go down.
type Step uint8

// The steps of a commit, in their order.
const (
	// BeforeCommit: the work since the last commit is lost.
	BeforeCommit Step = iota
	// AfterFreeze: the same, with the transaction made up in memory.
	AfterFreeze
	// AfterProduce: outputs and changelog records are written, offsets are
	// not committed. Exactly once aborts the transaction and nobody sees them;
	// at least once leaves them there and writes them again.
	AfterProduce
	// AfterEnd: all is committed, and the instance's own stores lag behind.
	AfterEnd
	// AfterApply: all is done.
	AfterApply
	numSteps
)

var stepNames = [numSteps]string{"before_commit", "after_freeze", "after_produce", "after_end", "after_apply"}

// String returns the name, for example "after_freeze".
func (s Step) String() string {
	if s < numSteps {
		return stepNames[s]
	}
	return "unknown"
}

// crash is what CrashAt has planned.
type crash struct {
	planned   bool
	at        Step
	instances []int
}

// Crash takes instances down at once, or all if none is named. What they have
// not committed is lost, with all that memory holds. Their tasks go to the
// others, or to the instances themselves when they come back if no other is
// left; records are then processed again from the committed offsets.
//
// Instances that come back while others run get tasks with the next Rebalance
// or Restart.
func (d *Driver) Crash(instances ...int) {
	d.tb.Helper()
	if d.failed == nil {
		if err := d.takeDown(d.named(instances)); err != nil {
			d.fail(err)
		}
		d.settle()
	}
	d.report()
}

// CrashAt has the instances go down as Crash does, as soon as one of them
// reaches the step in a commit. That happens once; another call replaces a
// plan that was not carried out.
func (d *Driver) CrashAt(step Step, instances ...int) {
	d.tb.Helper()
	if step >= numSteps {
		d.tb.Fatalf("streamstest: there is no step %d of a commit", step)
	}
	d.named(instances)
	d.crash = crash{planned: true, at: step, instances: slices.Clone(instances)}
}

// Crashing reports whether a crash is planned that has not happened yet.
func (d *Driver) Crashing() bool { return d.crash.planned }

// reached takes instances down if a crash is planned here. It reports whether
// that has hit inst.
func (d *Driver) reached(step Step, inst *instance) (down bool, err error) {
	if d.cfg.crashes != nil && d.cfg.crashes(step, inst.index) {
		return true, d.takeDown([]*instance{inst})
	}
	c := &d.crash
	if !c.planned || c.at != step || len(c.instances) > 0 && !slices.Contains(c.instances, inst.index) {
		return false, nil
	}
	c.planned = false
	return true, d.takeDown(d.named(c.instances))
}

// named are the instances with the given numbers, all if there are none.
func (d *Driver) named(numbers []int) (list []*instance) {
	if len(numbers) == 0 {
		return d.instances
	}
	for _, n := range numbers {
		if n < 0 || n >= len(d.instances) {
			d.tb.Helper()
			d.tb.Fatalf("streamstest: there is no instance %d, they are numbered from 0 to %d", n, len(d.instances)-1)
		}
		list = append(list, d.instances[n])
	}
	return list
}

// takeDown stops instances and gives their tasks to others.
func (d *Driver) takeDown(down []*instance) error {
	down = slices.Clone(down)
	var left []*instance
	for _, inst := range d.instances {
		if !slices.Contains(down, inst) {
			left = append(left, inst)
		}
	}
	var homeless []processor.TaskID
	for _, inst := range down {
		for _, r := range inst.tasks {
			homeless = append(homeless, r.ID())
		}
	}
	var errs []error
	_ = d.stop(down) // a process that dies reports nothing
	for _, inst := range down {
		errs = append(errs, d.open(inst))
	}
	if len(left) == 0 {
		left = down
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, id := range homeless {
		to := slices.MinFunc(left, func(a, b *instance) int { return cmp.Compare(len(a.tasks), len(b.tasks)) })
		if err := d.assign(id, to); err != nil {
			return err
		}
	}
	return nil
}

// Restart stops all instances cleanly, and starts them again. State in memory
// comes back from the changelogs. After a failure nothing is committed first:
// the record that failed is processed again.
func (d *Driver) Restart() {
	d.tb.Helper()
	d.Rebalance(max(1, len(d.instances)))
}

// Rebalance is Restart with another number of instances: tasks move, and their
// state with them.
func (d *Driver) Rebalance(instances int) {
	d.tb.Helper()
	if instances < 1 {
		d.tb.Fatalf("streamstest: an application has at least one instance")
	}
	failed := d.failed != nil
	if !failed {
		d.commitAll()
	}
	if failed || d.failed == nil {
		if err := d.stop(d.instances); err == nil || failed {
			d.start(instances)
			d.settle()
		} else {
			d.fail(err)
		}
	}
	d.report()
}
