package store_test

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/state/lsm"
)

type held struct {
	key string
	ms  int64
	seq int32
	n   byte
}

// heap is all that was ever added and not deleted: it hides what has expired.
type heap struct {
	rows   []held
	needed int64
}

func (h heap) clone() heap { return heap{slices.Clone(h.rows), h.needed} }

func (h heap) near(key string, from, to int64) (list []held) {
	for _, r := range h.rows {
		if r.key == key && r.ms >= max(from, h.needed) && r.ms <= to {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(x, y held) int { return cmp.Or(cmp.Compare(x.ms, y.ms), cmp.Compare(x.seq, y.seq)) })
	return list
}

func TestRecordsAgreeWithASlice(t *testing.T) {
	t.Run("decoded", func(t *testing.T) { rapid.Check(t, recordsModel(numbers, inMap)) })
	t.Run("encoded", func(t *testing.T) { rapid.Check(t, recordsModel(lists, inMap)) })
	t.Run("cloned", func(t *testing.T) { rapid.Check(t, recordsModel(clones, inMap)) })
	t.Run("in memory", func(t *testing.T) { rapid.Check(t, recordsModel(numbers, opener(t, state.Memory()))) })
	t.Run("on disk", func(t *testing.T) { rapid.Check(t, recordsModel(numbers, opener(t, lsm.Dir(t.TempDir())))) })
}

// recordsMachine runs a view beside its model.
type recordsMachine[V any] struct {
	values[V]
	life[heap]
	s *store.Records[string, V]
}

func recordsModel[V any](v values[V], newBase func() state.Store) func(t *rapid.T) {
	return func(t *rapid.T) {
		m := &recordsMachine[V]{values: v, life: life[heap]{
			format: state.Records, retention: retention * time.Millisecond, newBase: newBase, committed: heap{needed: math.MinInt64},
		}}
		m.open, m.tell = m.another, m.expired
		m.lead(t, map[string]func(*rapid.T){
			"add":    m.add,
			"again":  m.add,
			"more":   func(t *rapid.T) { m.add(t); m.add(t); m.add(t) },
			"burst":  m.burst,
			"delete": m.remove,
			"expire": m.expire,
			"get":    m.get,
			"near":   m.near,
			"nest":   m.nest,
			"last":   m.last,
			"linger": m.linger,
			"shrink": m.shrink,
			"":       m.check,
		})
	}
}

// another view may have another retention.
func (m *recordsMachine[V]) another(t *rapid.T) view {
	m.retention = rapid.SampledFrom([]time.Duration{retention * time.Millisecond, time.Millisecond, 0}).Draw(t, "retention")
	m.s = store.NewRecords(m.base, text{}, m.serde, store.Options{Name: "left", Retention: m.retention})
	m.s.LeastGaps(rapid.SampledFrom([]int64{1, 500}).Draw(t, "gaps"))
	return m.s
}

// expired tells the view of the operator's stream time, which was committed.
func (m *recordsMachine[V]) expired(t *rapid.T) {
	if err := m.s.Expire(m.committed.needed); err != nil {
		t.Fatal(err)
	}
	m.s.Mark()
}

// at draws a time near the oldest that is needed.
func (m *recordsMachine[V]) at(t *rapid.T) int64 {
	ms := rapid.Int64Range(-3, 2*retention).Draw(t, "time")
	if m.current.needed != math.MinInt64 {
		ms += m.current.needed
	}
	return ms
}

var recordKeys = rapid.SampledFrom([]string{"", "\x00", "a", "a\x00", "b"})

func (m *recordsMachine[V]) add(t *rapid.T) {
	r := held{key: recordKeys.Draw(t, "key"), ms: m.at(t), n: rapid.ByteRange(0, 199).Draw(t, "n")}
	v := m.make(r.n)
	var err error
	r.seq, err = m.s.Add(r.key, v, r.ms)
	m.spoil(v)
	if err != nil || r.seq >= 0 != (r.ms >= m.current.needed) {
		t.Fatalf("add %v when %d is needed: %d, %v", r, m.current.needed, r.seq, err)
	}
	if r.seq >= 0 {
		if slices.ContainsFunc(m.current.rows, func(o held) bool { return o.key == r.key && o.ms == r.ms && o.seq == r.seq }) {
			t.Fatalf("the number of %v is taken", r)
		}
		m.current.rows = append(m.current.rows, r)
	}
}

// burst makes a key one with so many records that they lie in chunks.
func (m *recordsMachine[V]) burst(t *rapid.T) {
	if len(m.current.rows) > 1000 || m.current.needed == math.MinInt64 {
		return
	}
	step := rapid.Int64Range(1, 24).Draw(t, "step")
	for i := range int64(150) {
		r := held{key: "a", ms: m.current.needed + i*step%24, n: byte(i)}
		var err error
		if r.seq, err = m.s.Add(r.key, m.make(r.n), r.ms); err != nil {
			t.Fatal(err)
		}
		m.current.rows = append(m.current.rows, r)
	}
}

// known draws a record that is there, or one that is not.
func (m *recordsMachine[V]) known(t *rapid.T) held {
	if len(m.current.rows) > 0 && rapid.IntRange(0, 4).Draw(t, "there") > 0 {
		return rapid.SampledFrom(m.current.rows).Draw(t, "record")
	}
	return held{key: recordKeys.Draw(t, "key"), ms: m.at(t), seq: rapid.Int32Range(0, 2).Draw(t, "seq")}
}

func (m *recordsMachine[V]) remove(t *rapid.T) {
	r := m.known(t)
	if err := m.s.Delete(r.key, r.ms, r.seq); err != nil {
		t.Fatal(err)
	}
	if r.ms >= m.current.needed {
		m.current.rows = slices.DeleteFunc(m.current.rows, func(o held) bool { return o.key == r.key && o.ms == r.ms && o.seq == r.seq })
	}
}

func (m *recordsMachine[V]) expire(t *rapid.T) {
	ms := rapid.Int64Range(-4, 6).Draw(t, "step")
	if m.current.needed != math.MinInt64 {
		ms += m.current.needed
	}
	if err := m.s.Expire(ms); err != nil {
		t.Fatal(err)
	}
	m.current.needed = max(m.current.needed, ms)
}

// shrink does to the changelog what brokers do: they delete its first part, in which
// nothing is needed.
func (m *recordsMachine[V]) shrink(t *rapid.T) {
	old := 0
	for old < len(m.log) && m.log[old].Time < m.committed.needed {
		old++
	}
	m.log = m.log[rapid.IntRange(0, old).Draw(t, "deleted"):]
}

func (m *recordsMachine[V]) get(t *rapid.T) {
	r := m.known(t)
	v, ok, err := m.s.Get(r.key, r.ms, r.seq)
	want := slices.IndexFunc(m.current.rows, func(o held) bool { return o.key == r.key && o.ms == r.ms && o.seq == r.seq })
	if there := want >= 0 && r.ms >= m.current.needed; err != nil || ok != there {
		t.Fatalf("%v when %d is needed: %v, %v", r, m.current.needed, ok, err)
	}
	if ok && m.values.read(v) != m.current.rows[want].n {
		t.Fatalf("%v: %d", m.current.rows[want], m.values.read(v))
	}
}

func (m *recordsMachine[V]) near(t *rapid.T) {
	key, from := recordKeys.Draw(t, "key"), m.at(t)
	m.compare(t, key, from, from+rapid.Int64Range(-1, 2*retention).Draw(t, "span"), nil)
}

// last asks for the last of what near lists.
func (m *recordsMachine[V]) last(t *rapid.T) {
	key, from := recordKeys.Draw(t, "key"), m.at(t)
	to := from + rapid.Int64Range(-1, 2*retention).Draw(t, "span")
	v, ms, ok, err := m.s.Last(key, from, to)
	want := m.current.near(key, from, to)
	if err != nil || ok != (len(want) > 0) || ok && (ms != want[len(want)-1].ms || m.values.read(v) != want[len(want)-1].n) {
		t.Fatalf("%q from %d to %d when %d is needed: %d, %v, %v, want the last of %v", key, from, to, m.current.needed, ms, ok, err, want)
	}
}

// linger says which flights have committed: of what they do not need, the view keeps
// nothing.
func (m *recordsMachine[V]) linger(*rapid.T) {
	if n := m.flights.released; n > 0 {
		m.s.Lingers(m.flights.seqs[n-1])
	}
}

// compare compares what Near visits; during each visit something else may be
// done.
func (m *recordsMachine[V]) compare(t *rapid.T, key string, from, to int64, during func(*rapid.T)) {
	want := m.current.near(key, from, to)
	var got []held
	err := m.s.Near(key, from, to, func(ms int64, seq int32, v V) (bool, error) {
		got = append(got, held{key, ms, seq, m.values.read(v)})
		m.spoil(v)
		if during != nil {
			during(t)
		}
		return true, nil
	})
	if d := diff.Diff(want, got, diff.AllowUnexported(held{})); err != nil || d != "" {
		t.Fatalf("%q from %d to %d when %d is needed: %v (-want +got):\n%s", key, from, to, m.current.needed, err, d)
	}
}

// nest writes and searches during a search, which does not see it.
func (m *recordsMachine[V]) nest(t *rapid.T) {
	m.compare(t, recordKeys.Draw(t, "key"), math.MinInt64, math.MaxInt64, func(t *rapid.T) {
		m.add(t)
		m.near(t)
		m.get(t)
	})
}

func (m *recordsMachine[V]) check(t *rapid.T) {
	m.life.check(t)
	if rapid.IntRange(0, 3).Draw(t, "look") > 0 {
		return // or all would be in memory
	}
	for _, key := range []string{"", "\x00", "a", "a\x00", "b", "c"} {
		m.compare(t, key, math.MinInt64, math.MaxInt64, nil)
	}
}
