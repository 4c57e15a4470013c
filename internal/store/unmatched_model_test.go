package store_test

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	diff "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/state/lsm"
)

type markOf struct {
	ms   int64
	side byte
	key  string
	seq  int32
}

// markSet are the marks that there are.
type markSet map[markOf]bool

// always is when all are due.
var always = [2]int64{math.MaxInt64, math.MaxInt64}

// inOrder lists those that are due, in the order in which they are taken.
func (s markSet) inOrder(until [2]int64) (list []markOf) {
	for m := range s {
		if m.ms <= until[m.side] {
			list = append(list, m)
		}
	}
	slices.SortFunc(list, func(x, y markOf) int {
		return cmp.Or(cmp.Compare(x.ms, y.ms), cmp.Compare(x.side, y.side), cmp.Compare(x.key, y.key), cmp.Compare(x.seq, y.seq))
	})
	return list
}

func TestMarksAgreeWithASet(t *testing.T) {
	t.Run("in a map", func(t *testing.T) { rapid.Check(t, unmatchedModel(func() state.Store { return &base{} })) })
	t.Run("in memory", func(t *testing.T) { rapid.Check(t, unmatchedModel(opener(t, state.Memory()))) })
	t.Run("on disk", func(t *testing.T) { rapid.Check(t, unmatchedModel(opener(t, lsm.Dir(t.TempDir())))) })
}

// unmatchedMachine runs a view beside its model.
type unmatchedMachine struct {
	base state.Store
	s    *store.Unmatched[string]
	seq  uint64

	current, marked, committed markSet
	frozen                     []markSet
	flights                    flights
	log                        []state.Write // the changelog
}

func unmatchedModel(newBase func() state.Store) func(t *rapid.T) {
	return func(t *rapid.T) {
		m := &unmatchedMachine{base: newBase(), committed: markSet{}}
		m.restart(t)
		t.Repeat(map[string]func(*rapid.T){
			"put":     m.put,
			"again":   m.put,
			"delete":  m.remove,
			"take":    m.take,
			"mark":    func(*rapid.T) { m.s.Mark(); m.marked = maps.Clone(m.current) },
			"undo":    func(*rapid.T) { m.s.Undo(); m.current = maps.Clone(m.marked) },
			"freeze":  m.freeze,
			"applied": m.apply,
			"discard": func(*rapid.T) { m.s.Discard(); m.rewind() },
			"evict":   func(t *rapid.T) { m.s.Evict(rapid.Int64Range(0, 1500).Draw(t, "limit")) },
			"restart": m.restart,
			"restore": func(t *rapid.T) { m.restore(t, newBase()) },
			"":        m.check,
		})
	}
}

func (m *unmatchedMachine) restart(*rapid.T) {
	m.s = store.NewUnmatched(m.base, text{}, store.Options{Name: "open"})
	m.rewind()
}

func (m *unmatchedMachine) rewind() {
	m.current, m.marked = maps.Clone(m.committed), maps.Clone(m.committed)
	m.flights, m.frozen = flights{}, nil
}

func (m *unmatchedMachine) draw(t *rapid.T) markOf {
	return markOf{rapid.Int64Range(-2, 9).Draw(t, "time"), rapid.ByteRange(0, 1).Draw(t, "side"), recordKeys.Draw(t, "key"), rapid.Int32Range(0, 2).Draw(t, "seq")}
}

func (m *unmatchedMachine) put(t *rapid.T) {
	r := m.draw(t)
	if m.current[r] {
		return // records are added once
	}
	if err := m.s.Put(r.ms, r.side, r.key, r.seq); err != nil {
		t.Fatal(err)
	}
	m.current[r] = true
}

func (m *unmatchedMachine) remove(t *rapid.T) {
	r := m.draw(t)
	if all := m.current.inOrder(always); len(all) > 0 && rapid.Bool().Draw(t, "there") {
		r = rapid.SampledFrom(all).Draw(t, "mark")
	}
	if err := m.s.Delete(r.ms, r.side, r.key, r.seq); err != nil {
		t.Fatal(err)
	}
	delete(m.current, r)
}

// take takes what is due, at another time on each side. Visits put and delete
// others.
func (m *unmatchedMachine) take(t *rapid.T) {
	until := [2]int64{rapid.Int64Range(-3, 9).Draw(t, "until"), rapid.Int64Range(-3, 9).Draw(t, "other")}
	busy := rapid.Bool().Draw(t, "busy")
	err := m.s.Take(until, func(ms int64, side byte, key string, seq int32) error {
		got := markOf{ms, side, key, seq}
		due := m.current.inOrder(until)
		if len(due) == 0 || due[0] != got {
			return fmt.Errorf("%v was taken, of %v", got, due)
		}
		delete(m.current, got)
		if !busy {
			return nil
		}
		m.remove(t)
		r := m.draw(t)
		if r.ms <= until[r.side] || m.current[r] {
			return nil
		}
		m.current[r] = true
		return m.s.Put(r.ms, r.side, r.key, r.seq)
	})
	if err != nil {
		t.Fatal(err)
	}
	if left := m.current.inOrder(until); len(left) > 0 {
		t.Fatalf("until %d: %v are left", until, left)
	}
}

func (m *unmatchedMachine) freeze(t *rapid.T) {
	if m.flights.full() {
		return
	}
	b := &state.Batch{}
	m.seq++
	if err := m.s.Freeze(m.seq, b); err != nil {
		t.Fatal(err)
	}
	m.marked = maps.Clone(m.current)
	m.flights.add(m.seq, b)
	m.frozen = append(m.frozen, maps.Clone(m.current))
}

func (m *unmatchedMachine) apply(t *rapid.T) {
	if len(m.frozen) == 0 {
		return
	}
	n := rapid.IntRange(1, len(m.frozen)).Draw(t, "batches")
	for _, b := range m.flights.batches[:n] {
		for _, r := range records(t, state.Plain, b) {
			m.log = append(m.log, state.Write{Key: bytes.Clone(r.Key), Value: bytes.Clone(r.Value), Delete: r.Delete, Time: r.Time})
		}
	}
	b, seq := m.flights.take(t, m.s, n)
	if err := m.base.Apply(b, state.Position{}); err != nil {
		t.Fatal(err)
	}
	m.committed = m.frozen[n-1]
	m.frozen = m.frozen[n:]
	m.s.Applied(seq)
}

func (m *unmatchedMachine) restore(t *rapid.T, base state.Store) {
	m.base = base
	b := &state.Batch{}
	for _, r := range m.log {
		state.Plain.Restore(b, r)
	}
	if err := m.base.Apply(b, state.Position{}); err != nil {
		t.Fatal(err)
	}
	m.restart(t)
}

// check takes all and undoes that, at times.
func (m *unmatchedMachine) check(t *rapid.T) {
	if err := m.s.Check(); err != nil {
		t.Fatal(err)
	}
	if b, ok := m.base.(*base); ok && b.open != 0 {
		t.Fatal("a cursor is open")
	}
	if rapid.IntRange(0, 3).Draw(t, "look") > 0 {
		return
	}
	m.s.Mark()
	var got []markOf
	err := m.s.Take(always, func(ms int64, side byte, key string, seq int32) error {
		got = append(got, markOf{ms, side, key, seq})
		return nil
	})
	if d := diff.Diff(m.current.inOrder(always), got, diff.AllowUnexported(markOf{})); err != nil || d != "" {
		t.Fatalf("%v (-want +got):\n%s", err, d)
	}
	m.s.Undo()
	m.marked = maps.Clone(m.current)
}
