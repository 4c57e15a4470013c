package store_test

import (
	"bytes"
	"maps"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/state"
)

// life leads a view through transactions, aborts, restarts and restores, beside a
// model that says what it must show. The test of a view embeds it and adds what
// only that view can: steps that do the same to view and model, and steps that
// look.
//
//	put put Mark put Undo Freeze put Freeze    Applied     Discard
//	current ------------> frozen 1   frozen 2  committed   current = committed
type life[S model[S]] struct {
	format    state.Format // of the store and its changelog
	retention time.Duration
	newBase   func() state.Store
	open      func(t *rapid.T) view // makes the view of base
	// tell, if it is set, tells the view what the task commits beside the store: a
	// batch without a row then leaves a trace as well.
	tell func(t *rapid.T)

	view view
	base state.Store
	log  []state.Write // the changelog
	seq  uint64        // of the last transaction

	current, marked, committed S
	frozen                     []S             // that of each flight
	logged                     [][]state.Write // and what the changelog gets of it
	flights                    flights
}

// model is what a view must show.
type model[S any] interface{ clone() S }

// view is what all views have in common.
type view interface {
	graph.TaskStore
	Check() error
}

func inMap() state.Store { return &base{} }

// lead begins with an empty store, of which the model is committed, and takes steps
// of any kind in any order: those that all views know and own.
func (l *life[S]) lead(t *rapid.T, own map[string]func(*rapid.T)) {
	steps := map[string]func(*rapid.T){
		"mark":    l.mark,
		"undo":    l.undo,
		"freeze":  l.freeze,
		"release": l.release,
		"compact": l.compact,
		"applied": l.apply,
		"discard": l.discard,
		"evict":   l.evict,
		"restart": l.restart,
		"crash":   l.crash,
		"restore": l.restore,
		"":        l.check,
	}
	maps.Copy(steps, own)
	l.restart(t)
	t.Repeat(steps)
}

func (l *life[S]) mark(*rapid.T) {
	l.view.Mark()
	l.marked = l.current.clone()
}

func (l *life[S]) undo(*rapid.T) {
	l.view.Undo()
	l.current = l.marked.clone()
}

func (l *life[S]) freeze(t *rapid.T) {
	if l.flights.full() {
		return
	}
	b := &state.Batch{}
	l.seq++
	if err := l.view.Freeze(l.seq, b); err != nil {
		t.Fatal(err)
	}
	l.marked = l.current.clone()
	will := l.current.clone()
	if b.Len() == 0 && l.tell == nil {
		// What was put and deleted again leaves no trace, not even its time.
		will = l.committed
		if n := len(l.frozen); n > 0 {
			will = l.frozen[n-1]
		}
	}
	logged := records(t, l.format, b)
	if b.Len() > 0 && l.format != state.Buffers && len(logged) == 0 { // see Buffer.Freeze
		t.Fatal("a batch of which nothing is logged has no position")
	}
	l.flights.add(l.seq, b)
	l.frozen, l.logged = append(l.frozen, will), append(l.logged, logged)
}

// records are what the changelog of a store of format f gets of a batch.
func records(t *rapid.T, f state.Format, b *state.Batch) (rs []state.Write) {
	var scratch []byte
	for i := range b.Len() {
		r, ok, err := f.Record(b.At(i), &scratch)
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			r.Key, r.Value = bytes.Clone(r.Key), bytes.Clone(r.Value)
			rs = append(rs, r)
		}
	}
	return rs
}

// release is for a flight that has committed and waits.
func (l *life[S]) release(*rapid.T) {
	if view, ok := l.view.(graph.Lingerer); ok && l.flights.released < len(l.frozen) {
		l.flights.release(view)
	}
}

// compact is for flights that have committed and wait. From then on they go to the
// base together, or to what a replay brings up to date: see crash.
func (l *life[S]) compact(t *rapid.T) {
	view, ok := l.view.(graph.Pruner)
	if !ok || len(l.frozen) == 0 {
		return
	}
	n := rapid.IntRange(max(1, l.flights.compacted), len(l.frozen)).Draw(t, "batches")
	view.Prune(l.flights.seqs[:n], l.flights.batches[:n])
	l.flights.compacted = n
}

// apply puts one flight or more into the base before it says so.
func (l *life[S]) apply(t *rapid.T) {
	if len(l.frozen) > 0 {
		l.view.Applied(l.commit(t, rapid.IntRange(max(1, l.flights.compacted), len(l.frozen)).Draw(t, "batches")))
	}
}

// commit puts the oldest n flights into the base. It returns the number of the last
// one.
func (l *life[S]) commit(t *rapid.T, n int) (seq uint64) {
	pruned, _, seq := l.settle(t, n)
	for _, b := range pruned {
		if err := l.base.Apply(b, state.Position{}); err != nil {
			t.Fatal(err)
		}
	}
	return seq
}

// settle logs the oldest n flights and returns what the base gets of them, where
// the changelog ends with each, and the number of the last one.
func (l *life[S]) settle(t *rapid.T, n int) (pruned []*state.Batch, ends []int, seq uint64) {
	for _, records := range l.logged[:n] {
		l.log = append(l.log, records...)
		ends = append(ends, len(l.log))
	}
	pruned, seq = l.flights.take(t, l.view, n)
	l.committed, l.frozen, l.logged = l.frozen[n-1], l.frozen[n:], l.logged[n:]
	return pruned, ends, seq
}

// crash comes while what has committed goes into the base: of the rest the
// changelog has all that the base was spared.
func (l *life[S]) crash(t *rapid.T) {
	if len(l.frozen) == 0 {
		return
	}
	end := len(l.log)
	pruned, ends, _ := l.settle(t, rapid.IntRange(max(1, l.flights.committed()), len(l.frozen)).Draw(t, "batches"))
	for i, b := range pruned[:rapid.IntRange(0, len(pruned)).Draw(t, "applied")] {
		if err := l.base.Apply(b, state.Position{}); err != nil {
			t.Fatal(err)
		}
		end = ends[i]
	}
	l.replay(t, l.log[end:])
	l.restart(t)
}

// discard is an abort: of all, or of the younger transactions after the older ones
// were applied.
func (l *life[S]) discard(t *rapid.T) {
	if n := rapid.IntRange(l.flights.committed(), len(l.frozen)).Draw(t, "committed"); n > 0 {
		l.commit(t, n)
	}
	l.view.Discard()
	l.rewind(t)
}

// rewind begins anew with what was committed.
func (l *life[S]) rewind(t *rapid.T) {
	l.current, l.marked = l.committed.clone(), l.committed.clone()
	l.flights, l.frozen, l.logged = flights{}, nil, nil
	if l.tell != nil {
		l.tell(t)
	}
}

func (l *life[S]) evict(t *rapid.T) {
	limit := rapid.Int64Range(0, 1000).Draw(t, "limit")
	_, dirty, frozen := l.view.Bytes()
	gaps := gapsOf(l.view)
	l.view.Evict(limit)
	if c, d, f := l.view.Bytes(); c > limit || d != dirty || f-gapsOf(l.view) != frozen-gaps {
		t.Fatalf("evict to %d: bytes are %d, %d, %d after %d dirty, %d frozen", limit, c, d, f, dirty, frozen)
	}
}

// gapsOf is what of the frozen bytes are gaps that a view has.
func gapsOf(v view) int64 {
	if g, ok := v.(interface{ Gaps() int64 }); ok {
		return g.Gaps()
	}
	return 0
}

func (l *life[S]) restart(t *rapid.T) {
	if l.base == nil {
		l.base = l.newBase()
	}
	if n := l.flights.compacted; n > 0 {
		l.commit(t, n)
	}
	l.view = l.open(t)
	l.rewind(t)
}

// restore makes the store anew of its changelog.
func (l *life[S]) restore(t *rapid.T) {
	l.base = l.newBase()
	l.replay(t, l.log)
	l.restart(t)
}

// replay brings the base up to date with a part of a changelog, in some pieces.
func (l *life[S]) replay(t *rapid.T, rest []state.Write) {
	rows, err := l.format.Restoring(l.base, l.retention)
	if err != nil {
		t.Fatal(err)
	}
	for len(rest) > 0 {
		n := rapid.IntRange(1, len(rest)).Draw(t, "records")
		b := &state.Batch{}
		for _, r := range rest[:n] {
			rows.Add(b, r)
		}
		rows.Finish(b)
		if err := l.base.Apply(b, state.Position{}); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
}

// streamTime is that of the base, the lowest one there is if it knows none.
func (l *life[S]) streamTime(t *rapid.T) int64 {
	ms, ok, err := l.format.StreamTime(l.base)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return math.MinInt64
	}
	return ms
}

func (l *life[S]) check(t *rapid.T) {
	if err := l.view.Check(); err != nil {
		t.Fatal(err)
	}
	if b, ok := l.base.(*base); ok && b.open != 0 {
		t.Fatal("a cursor is open")
	}
}

// opener opens one empty store after the other.
func opener(t *testing.T, b state.Backend) func() state.Store {
	db, err := b.Open(t.Context(), state.Options{App: "model"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { do(t, db.Close()) })
	n, last := int32(0), state.Store(nil)
	return func() state.Store {
		if n++; n > 1 {
			do(t, last.Close(), db.Drop(state.ID{Name: "left", Partition: n - 1}))
		}
		if last, err = db.Store(state.ID{Name: "left", Partition: n}); err != nil {
			t.Fatal(err)
		}
		return last
	}
}
