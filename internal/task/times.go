package task

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/millrace-io/millrace/internal/graph"
)

// operatorTime is a stream time that belongs to a node and survives restarts
// in the metadata of commits. Times only grow, so that the largest one found
// in the metadata of a task's topics is the last one. That of an input is in
// the metadata of its topic alone.
type operatorTime struct {
	name              string // of the node, or of the store if closes
	closes            bool   // it says how far the windows of a store were closed
	in                *input // nil unless it is that of an input
	live              *int64
	frozen, committed int64
}

func (t *Task) addTime(name string, restored int64, in *input) *operatorTime {
	o := &operatorTime{name: name, in: in, live: t.times.add(restored), frozen: restored, committed: restored}
	t.opTimes = append(t.opTimes, o)
	return o
}

// OperatorTime points at a stream time of the node's own. It starts with what
// was restored, or at -1.
func (t *Task) OperatorTime(node *graph.Node) *int64 {
	if o := t.timeOf(node.Name, false); o != nil {
		return o.live
	}
	return t.addTime(node.Name, t.restoredTime(node.Name), nil).live
}

// CloseTime points at how far the windows of a store were closed. It starts with
// what was restored, or at -1.
func (t *Task) CloseTime(store string) *int64 {
	o := t.timeOf(store, true)
	if o == nil {
		o = t.addTime(store, t.restoredClose(store), nil)
		o.closes = true
	}
	return o.live
}

func (t *Task) timeOf(name string, closes bool) *operatorTime {
	for _, o := range t.opTimes {
		if o.name == name && o.closes == closes && o.in == nil {
			return o
		}
	}
	return nil
}

func (t *Task) restoredTime(node string) int64 {
	ms := int64(-1)
	for _, m := range t.cfg.Restored {
		for _, n := range m.Times {
			if n.Name == node {
				ms = max(ms, n.Time)
			}
		}
	}
	return ms
}

func (t *Task) restoredClose(store string) int64 {
	if i, found := slices.BinarySearchFunc(t.closed, NamedTime{Name: store}, byName); found {
		return t.closed[i].Time
	}
	return -1
}

// restoreClosed takes over how far windows were closed, by whatever program. It
// keeps the stores that no operator asks for: they may be needed by the one that
// comes next.
func (t *Task) restoreClosed() {
	for _, m := range t.cfg.Restored {
		for _, n := range m.Closed {
			i, found := slices.BinarySearchFunc(t.closed, n, byName)
			if !found {
				t.closed = slices.Insert(t.closed, i, n)
			}
			t.closed[i].Time = max(t.closed[i].Time, n.Time)
		}
	}
}

func byName(a, b NamedTime) int { return cmp.Compare(a.Name, b.Name) }

func (t *Task) timesMoved() bool {
	for i, o := range t.opTimes {
		if t.lowTime(i) != o.frozen {
			return true
		}
	}
	return false
}

// lowTime is the operator time that goes with the positions of a commit: that
// before the oldest record with an open call. Records that are read again must
// not be late by what came behind them.
func (t *Task) lowTime(i int) int64 {
	ms := *t.opTimes[i].live
	for _, in := range t.inputs {
		if len(in.open) > 0 && i < len(in.open[0].times) {
			ms = min(ms, in.open[0].times[i])
		}
	}
	return ms
}

func (t *Task) freezeTimes(c *Commit) {
	for i, o := range t.opTimes {
		o.frozen = t.lowTime(i)
		c.times = append(c.times, o.frozen)
	}
}

// operatorTimes are the times as of the last freeze, for the metadata of in.
func (t *Task) operatorTimes(in *input) []NamedTime {
	times := make([]NamedTime, 0, len(t.opTimes))
	for _, o := range t.opTimes {
		if !o.closes && (o.in == nil || o.in == in) {
			times = append(times, NamedTime{o.name, o.frozen})
		}
	}
	return times
}

// closeTimes is how far windows were closed as of the last freeze, for metadata.
func (t *Task) closeTimes() []NamedTime {
	times := slices.Clone(t.closed)
	for _, o := range t.opTimes {
		if !o.closes || o.frozen < 0 {
			continue
		}
		i, found := slices.BinarySearchFunc(times, NamedTime{Name: o.name}, byName)
		if !found {
			times = slices.Insert(times, i, NamedTime{Name: o.name})
		}
		times[i].Time = o.frozen
	}
	return times
}

// checkMetadata refuses a subtopology whose operators' times do not fit into
// the metadata of a commit: the broker's limit is 4,096 bytes.
func (t *Task) checkMetadata() error {
	closed := slices.Clone(t.closed)
	for _, o := range t.opTimes {
		if o.closes {
			closed = append(closed, NamedTime{Name: o.name})
		}
	}
	n := 0
	for _, in := range t.inputs {
		n = max(n, len(EncodeMetadata(Metadata{Closed: closed, Times: t.operatorTimes(in)})))
	}
	if n > maxMetadata {
		return fmt.Errorf("task %s: the stream times of %d nodes need %d bytes in the metadata of a commit, more than %d: use shorter names, or split the subtopology by a repartition",
			t.id, len(t.opTimes), n, maxMetadata)
	}
	return nil
}
