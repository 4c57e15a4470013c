package store_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/state"
)

var (
	_ state.Versioned[string, int64] = (*store.Versioned[string, int64])(nil)
	_ graph.TaskStore                = (*store.Versioned[string, int64])(nil)
	_ graph.Counted                  = (*store.Versioned[string, int64])(nil)
)

const history = 10 // ms

// versions are all that were ever stored, by key and time: the model forgets
// nothing, and applies the rules of reading alone.
type versions struct {
	rows map[string]map[int64]int // a value, or -1 for a deletion
	time int64                    // the stream time
}

func (v versions) clone() versions {
	rows := map[string]map[int64]int{}
	for k, r := range v.rows {
		rows[k] = maps.Clone(r)
	}
	return versions{rows, v.time}
}

// asOf is the value and the time of what a read at a time finds, -1 for none.
func (v versions) asOf(key string, at int64) (n int, from int64) {
	times := slices.Sorted(maps.Keys(v.rows[key]))
	slices.Reverse(times)
	for i, ms := range times {
		if at >= ms {
			return v.rows[key][ms], ms
		}
		if i == 0 && at < v.time-history {
			break // only the newest version is older than the history
		}
	}
	return -1, 0
}

func (v versions) show(key string, at int64) string {
	if n, from := v.asOf(key, at); n >= 0 {
		return fmt.Sprint(n, "@", from)
	}
	return "-"
}

// between are the different versions that reads at all times of a span find.
func (v versions) between(key string, from, to int64) (found []string) {
	times := append(slices.Sorted(maps.Keys(v.rows[key])), math.MaxInt64)
	for at := to; at >= from; at-- {
		n, ms := v.asOf(key, at)
		if n < 0 {
			continue
		}
		i, _ := slices.BinarySearch(times, ms)
		s := fmt.Sprint(n, "@", ms, "-", times[i+1])
		if !slices.Contains(found, s) {
			found = append(found, s)
		}
	}
	return found
}

func TestVersionsAgreeWithMaps(t *testing.T) {
	t.Run("decoded", func(t *testing.T) { rapid.Check(t, versioned(numbers)) })
	t.Run("encoded", func(t *testing.T) { rapid.Check(t, versioned(lists)) })
	t.Run("cloned", func(t *testing.T) { rapid.Check(t, versioned(clones)) })
}

// versionedMachine runs a view beside its model.
type versionedMachine[V any] struct {
	values[V]
	life[versions]
	s *store.Versioned[string, V]
}

// versionKeys have all that is special in their encoding.
var versionKeys = rapid.SampledFrom([]string{"", "\x00", "\x00\x01", "\x00\xff", "a", "a\x00", "a\x00b", "ab", "b"})

func versioned[V any](v values[V]) func(t *rapid.T) {
	return func(t *rapid.T) {
		m := &versionedMachine[V]{values: v, life: life[versions]{
			format: state.Versions, newBase: inMap, committed: versions{map[string]map[int64]int{}, -1},
		}}
		m.open = func(*rapid.T) view {
			m.s = store.NewVersioned(m.base, text{}, m.serde, store.Options{Name: "counts", History: history * time.Millisecond})
			m.s.SweepRows(2)
			return m.s
		}
		m.lead(t, map[string]func(*rapid.T){
			"put":     m.put,
			"again":   m.put,
			"advance": m.put,
			"read":    m.read,
			"history": m.history,
			"nest":    m.nest,
			"restore": m.restore,
			"compact": m.compact,
			"settle":  m.settle,
			"":        m.check,
		})
	}
}

func (m *versionedMachine[V]) put(t *rapid.T) {
	key := versionKeys.Draw(t, "key")
	ms := max(0, m.current.time+rapid.Int64Range(-history-3, history).Draw(t, "time"))
	n := rapid.IntRange(-10, 199).Draw(t, "n")
	var stored bool
	var err error
	if n < 0 {
		stored, err = m.s.Delete(key, ms)
	} else {
		v := m.make(byte(n))
		stored, err = m.s.Put(key, v, ms)
		m.spoil(v)
	}
	if want := ms >= m.current.time-history; err != nil || stored != want {
		t.Fatalf("put %q@%d at stream time %d: %v, %v", key, ms, m.current.time, stored, err)
	} else if !want {
		return
	}
	if m.current.rows[key] == nil {
		m.current.rows[key] = map[int64]int{}
	}
	m.current.rows[key][ms] = max(n, -1)
	m.current.time = max(m.current.time, ms)
}

// restore makes the store anew of its changelog. Only records of equal key and
// time need to come in their order; some come twice.
func (m *versionedMachine[V]) restore(t *rapid.T) {
	last := map[string]int{}
	id := func(r state.Write) string { return fmt.Sprintf("%q@%d", r.Key, r.Time) }
	for i, r := range m.log {
		last[id(r)] = i
	}
	order := rapid.Permutation(slices.Sorted(maps.Values(last))).Draw(t, "order")
	for i := len(m.log) / 2; i < len(m.log); i++ {
		order = append(order, i)
	}
	var log []state.Write
	for _, i := range order {
		log = append(log, m.log[i])
	}
	m.base = m.newBase()
	m.replay(t, log)
	m.restart(t)
}

// compact does to the changelog what a broker does.
func (m *versionedMachine[V]) compact(t *rapid.T) {
	m.log = compacted(t, m.log, m.committed.time-history)
}

func (m *versionedMachine[V]) read(t *rapid.T) {
	key, at := versionKeys.Draw(t, "key"), max(0, m.current.time+rapid.Int64Range(-3*history, history).Draw(t, "at"))
	v, ms, ok, err := m.s.GetAsOf(key, at)
	got := "-"
	if ok {
		got = fmt.Sprint(m.values.read(v), "@", ms)
		m.spoil(v)
	}
	if want := m.current.show(key, at); err != nil || got != want {
		t.Fatalf("%q as of %d at stream time %d: %s, %v; want %s", key, at, m.current.time, got, err, want)
	}
}

func (m *versionedMachine[V]) history(t *rapid.T) {
	key := versionKeys.Draw(t, "key")
	from := max(0, m.current.time+rapid.Int64Range(-3*history, history).Draw(t, "from"))
	to := from + rapid.Int64Range(-2, 3*history).Draw(t, "span")
	want := m.current.between(key, from, to)
	var got []string
	for v := range m.s.History(key, from, to) {
		got = append(got, fmt.Sprint(m.values.read(v.Value), "@", v.FromMs, "-", v.ToMs))
		m.spoil(v.Value)
	}
	if d := cmp.Diff(want, got); m.s.ScanErr() != nil || d != "" {
		t.Fatalf("%q from %d to %d at stream time %d: %v (-want +got):\n%s", key, from, to, m.current.time, m.s.ScanErr(), d)
	}
}

// nest writes and commits within loops, which see the state as of their start.
func (m *versionedMachine[V]) nest(t *rapid.T) {
	key := versionKeys.Draw(t, "key")
	want := m.current.between(key, 0, m.current.time)
	var got []string
	for v := range m.s.History(key, 0, m.current.time) {
		got = append(got, fmt.Sprint(m.values.read(v.Value), "@", v.FromMs, "-", v.ToMs))
		m.put(t)
		m.freeze(t)
		m.apply(t)
	}
	if d := cmp.Diff(want, got); m.s.ScanErr() != nil || d != "" {
		t.Fatalf("%q: %v (-want +got):\n%s", key, m.s.ScanErr(), d)
	}
	all := m.newest()
	got = nil
	for k, v := range m.s.All() {
		got = append(got, fmt.Sprintf("%q=%d", k, m.values.read(v)))
		m.read(t)
		m.put(t)
	}
	if d := cmp.Diff(all, got); d != "" {
		t.Fatalf("all (-want +got):\n%s", d)
	}
}

func (m *versionedMachine[V]) newest() (rows []string) {
	for _, k := range slices.Sorted(maps.Keys(m.current.rows)) {
		if n, _ := m.current.asOf(k, math.MaxInt64); n >= 0 {
			rows = append(rows, fmt.Sprintf("%q=%d", k, n))
		}
	}
	return rows
}

// settle writes one version again and again, until the sweep has been round
// more than once: what is left is what can be read.
func (m *versionedMachine[V]) settle(t *rapid.T) {
	ms := max(0, m.current.time)
	if m.current.rows["b"] == nil {
		m.current.rows["b"] = map[int64]int{}
	}
	m.current.rows["b"][ms], m.current.time = 1, ms
	for range m.base.(*base).m.Len() + 10 {
		if stored, err := m.s.Put("b", m.make(1), ms); err != nil || !stored {
			t.Fatal(stored, err)
		}
		for range 3 {
			m.freeze(t)
			m.apply(t)
		}
	}
	rows := 1 + m.deletions() // the row of the stream time
	for k := range m.current.rows {
		rows += len(m.current.between(k, max(0, ms-history), ms))
	}
	if n := m.base.(*base).m.Len(); n != rows {
		t.Fatalf("%d rows at stream time %d, and %d are of use", n, ms, rows)
	}
}

// deletions are those within the history.
func (m *versionedMachine[V]) deletions() (n int) {
	for _, r := range m.current.rows {
		for ms, v := range r {
			if v < 0 && ms >= m.current.time-history {
				n++
			}
		}
	}
	return n
}

func (m *versionedMachine[V]) check(t *rapid.T) {
	m.life.check(t)
	var got []string
	for k, v := range m.s.All() {
		got = append(got, fmt.Sprintf("%q=%d", k, m.values.read(v)))
	}
	if d := cmp.Diff(m.newest(), got); m.s.ScanErr() != nil || d != "" {
		t.Fatalf("%v (-want +got):\n%s", m.s.ScanErr(), d)
	}
	for _, k := range slices.Sorted(maps.Keys(m.current.rows)) {
		v, ms, ok, err := m.s.Get(k)
		got := "-"
		if ok {
			got = fmt.Sprint(m.values.read(v), "@", ms)
		}
		if want := m.current.show(k, math.MaxInt64); err != nil || got != want {
			t.Fatalf("%s: got %s, %v, want %s", strings.ToUpper(k), got, err, want)
		}
	}
}
