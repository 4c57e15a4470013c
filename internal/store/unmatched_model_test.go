package store_test

import (
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

func (s markSet) clone() markSet { return maps.Clone(s) }

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
	t.Run("in a map", func(t *testing.T) { rapid.Check(t, unmatchedModel(inMap)) })
	t.Run("in memory", func(t *testing.T) { rapid.Check(t, unmatchedModel(opener(t, state.Memory()))) })
	t.Run("on disk", func(t *testing.T) { rapid.Check(t, unmatchedModel(opener(t, lsm.Dir(t.TempDir())))) })
}

// unmatchedMachine runs a view beside its model.
type unmatchedMachine struct {
	life[markSet]
	s *store.Unmatched[string]
}

func unmatchedModel(newBase func() state.Store) func(t *rapid.T) {
	return func(t *rapid.T) {
		m := &unmatchedMachine{life: life[markSet]{format: state.Plain, newBase: newBase, committed: markSet{}}}
		m.open = func(*rapid.T) view {
			m.s = store.NewUnmatched(m.base, text{}, store.Options{Name: "open"})
			return m.s
		}
		m.lead(t, map[string]func(*rapid.T){
			"put":    m.put,
			"again":  m.put,
			"delete": m.remove,
			"take":   m.take,
			"":       m.check,
		})
	}
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

// check takes all and undoes that, at times.
func (m *unmatchedMachine) check(t *rapid.T) {
	m.life.check(t)
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
	m.marked = m.current.clone()
}
