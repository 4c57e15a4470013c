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

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/state"
)

var (
	_ graph.TaskStore = (*store.Buffer[string, int64])(nil)
	_ graph.Pruner    = (*store.Buffer[string, int64])(nil)
	_ graph.Counted   = (*store.Buffer[string, int64])(nil)
	_ graph.Clocked   = (*store.Buffer[string, int64])(nil)
)

type waiting struct {
	n  int
	at int64
}

// entries are what a buffer holds.
type entries map[string]waiting

func (e entries) clone() entries { return maps.Clone(e) }

// inOrder lists them in the order in which they are taken.
func (e entries) inOrder() []string {
	return slices.SortedFunc(maps.Keys(e), func(x, y string) int {
		return cmp.Or(cmp.Compare(e[x].at, e[y].at), cmp.Compare(x, y))
	})
}

func (e entries) show(keys []string) (rows []string) {
	for _, k := range keys {
		rows = append(rows, fmt.Sprintf("%q=%d@%d", k, e[k].n, e[k].at))
	}
	return rows
}

func TestBuffersAgreeWithMaps(t *testing.T) {
	t.Run("decoded", func(t *testing.T) { rapid.Check(t, bufferModel(numbers)) })
	t.Run("encoded", func(t *testing.T) { rapid.Check(t, bufferModel(lists)) })
}

// bufferMachine runs a view beside its model.
type bufferMachine[V any] struct {
	values[V]
	life[entries]
	s *store.Buffer[string, V]
}

func bufferModel[V any](v values[V]) func(t *rapid.T) {
	return func(t *rapid.T) {
		m := &bufferMachine[V]{values: v, life: life[entries]{format: state.Buffers, newBase: inMap, committed: entries{}}}
		m.open = func(*rapid.T) view {
			m.s = store.NewBuffer(m.base, text{}, m.serde, store.Options{Name: "held"})
			return m.s
		}
		m.lead(t, map[string]func(*rapid.T){
			"put":     m.put,
			"again":   m.put,
			"delete":  m.remove,
			"take":    m.take,
			"held":    m.held,
			"catchUp": m.catchUp,
			"":        m.check,
		})
	}
}

var waits = rapid.Int64Range(-1, 4)

func (m *bufferMachine[V]) put(t *rapid.T) {
	key, n, at := versionKeys.Draw(t, "key"), rapid.IntRange(0, 199).Draw(t, "n"), waits.Draw(t, "at")
	v := m.make(byte(n))
	if err := m.s.Put(key, v, at, 7); err != nil {
		t.Fatal(err)
	}
	m.spoil(v)
	m.current[key] = waiting{n, at}
}

func (m *bufferMachine[V]) remove(t *rapid.T) {
	key := versionKeys.Draw(t, "key")
	if err := m.s.Delete(key); err != nil {
		t.Fatal(err)
	}
	delete(m.current, key)
}

// take takes what is due, or a few of them. At times a visit puts something that
// is due later.
func (m *bufferMachine[V]) take(t *rapid.T) {
	until, limit := waits.Draw(t, "until"), rapid.IntRange(1, 12).Draw(t, "limit")
	if rapid.Bool().Draw(t, "all") {
		until = math.MaxInt64
	}
	var due []string
	for _, k := range m.current.inOrder() {
		if m.current[k].at <= until && len(due) < limit {
			due = append(due, k)
		}
	}
	want := m.current.show(due)
	for _, k := range due {
		delete(m.current, k)
	}
	var got []string
	again := rapid.SampledFrom([]string{"", "again"}).Draw(t, "again")
	err := m.s.Take(until, func(key string, v V, at int64) (bool, error) {
		got = append(got, fmt.Sprintf("%q=%d@%d", key, m.values.read(v), at))
		if again != "" && until < math.MaxInt64 {
			m.current[again] = waiting{1, until + 1}
			if err := m.s.Put(again, m.make(1), until+1, 7); err != nil {
				return false, err
			}
		}
		return len(got) < limit, nil
	})
	if d := diff.Diff(want, got); err != nil || d != "" {
		t.Fatalf("until %d: %v (-want +got):\n%s", until, err, d)
	}
}

// catchUp brings a store that was left behind up to date, which has seen some of the
// changelog before.
func (m *bufferMachine[V]) catchUp(t *rapid.T) {
	m.replay(t, m.log[rapid.IntRange(0, len(m.log)).Draw(t, "from"):])
	m.restart(t)
}

func (m *bufferMachine[V]) held(t *rapid.T) {
	n, bytes, err := m.s.Held()
	want := int64(0)
	for k, w := range m.current {
		value, _ := m.serde.Append(nil, m.make(byte(w.n)))
		want += int64(len(k) + len(value) + 8)
	}
	if err != nil || n != len(m.current) || bytes != want {
		t.Fatalf("%d entries of %d bytes, %v; want %d of %d", n, bytes, err, len(m.current), want)
	}
}

func (m *bufferMachine[V]) check(t *rapid.T) {
	m.life.check(t)
	var got []string
	for k, v := range m.s.All() {
		_, at, ok, err := m.s.Get(k)
		if !ok || err != nil {
			t.Fatalf("%q: %v, %v", k, ok, err)
		}
		got = append(got, fmt.Sprintf("%q=%d@%d", k, m.values.read(v), at))
	}
	if d := diff.Diff(m.current.show(slices.Sorted(maps.Keys(m.current))), got); m.s.ScanErr() != nil || d != "" {
		t.Fatalf("%v (-want +got):\n%s", m.s.ScanErr(), d)
	}
}
