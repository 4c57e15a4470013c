package task

import (
	"cmp"
	"fmt"
	"slices"
)

// operatorTime is a stream time that belongs to a node and survives restarts
// in the metadata of commits. Times only grow, so that the largest one found
// in the metadata of a task's topics is the last one. That of an input is in
// the metadata of its topic alone.
type operatorTime struct {
	name              string
	in                *input // nil unless it is that of an input
	live              *int64
	frozen, committed int64
}

func (t *Task) addTime(name string, restored int64, in *input) *operatorTime {
	o := &operatorTime{name: name, in: in, live: t.times.add(restored), frozen: restored, committed: restored}
	t.opTimes = append(t.opTimes, o)
	return o
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

// restoreClosed takes over how far windows were closed: operators do not use
// it yet, but a Java application that takes over does.
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
		if o.in == nil || o.in == in {
			times = append(times, NamedTime{o.name, o.frozen})
		}
	}
	return times
}

// checkMetadata refuses a subtopology whose operators' times do not fit into
// the metadata of a commit: the broker's limit is 4,096 bytes.
func (t *Task) checkMetadata() error {
	n := 0
	for _, in := range t.inputs {
		n = max(n, len(EncodeMetadata(Metadata{Closed: t.closed, Times: t.operatorTimes(in)})))
	}
	if n > maxMetadata {
		return fmt.Errorf("task %s: the stream times of %d nodes need %d bytes in the metadata of a commit, more than %d: use shorter names, or split the subtopology by a repartition",
			t.id, len(t.opTimes), n, maxMetadata)
	}
	return nil
}
