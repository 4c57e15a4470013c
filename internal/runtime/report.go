package runtime

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

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
	if from != to {
		i.stateChanged(from, to, err)
	}
}

func (i *Instance) stateChanged(from, to status.State, err error) {
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

// consumed counts what a poll brought for a partition. Transaction markers are
// no records, though the client hands them out.
func (i *Instance) consumed(at tp, records []*kgo.Record) {
	var n, bytes int64
	for _, r := range records {
		if !r.Attrs.IsControl() {
			n++
			bytes += int64(len(r.Key) + len(r.Value))
		}
	}
	m := i.cfg.Recorder.Topic(i.label(at.topic))
	m.Consumed.Add(n)
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
	i.refreshState()
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
