package store_test

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/state"
)

var (
	_ store.WindowRows[string, int64] = (*store.Window[string, int64])(nil)
	_ store.WindowRows[string, int64] = (*store.WindowByKey[string, int64])(nil)
	_ graph.TaskStore                 = (*store.WindowByKey[string, int64])(nil)
	_ graph.Counted                   = (*store.WindowByKey[string, int64])(nil)
	_ graph.Clocked                   = (*store.WindowByKey[string, int64])(nil)
	_ graph.Watermarked               = (*store.WindowByKey[string, int64])(nil)
	_ graph.TaskStore                 = (*store.Window[string, int64])(nil)
	_ graph.Counted                   = (*store.Window[string, int64])(nil)
	_ graph.Clocked                   = (*store.Window[string, int64])(nil)
)

const (
	windowSize = 5  // ms
	retention  = 12 // ms
)

func windowEnd(start int64) int64 { return state.WindowOf("", start, windowSize*time.Millisecond).End }

type window struct {
	start int64
	key   string
}

type stored struct {
	n  int
	ms int64
}

// windows are all that were ever stored: the model forgets nothing, and hides
// what has expired.
type windows struct {
	rows map[window]stored
	time int64 // the stream time
}

func (w windows) clone() windows { return windows{maps.Clone(w.rows), w.time} }

func (w windows) live(start int64) bool {
	return w.time == math.MinInt64 || start > w.time-retention
}

// show are the live windows of those that are wanted, in order.
func (w windows) show(wanted func(window) bool) (rows []string) {
	keys := slices.SortedFunc(maps.Keys(w.rows), func(x, y window) int {
		return cmp.Or(cmp.Compare(x.start, y.start), cmp.Compare(x.key, y.key))
	})
	for _, k := range keys {
		if w.live(k.start) && wanted(k) {
			rows = append(rows, fmt.Sprintf("%q@[%d,%d)=%d", k.key, k.start, k.start+windowSize, w.rows[k].n))
		}
	}
	return rows
}

func all(window) bool { return true }

func TestWindowsAgreeWithMaps(t *testing.T) {
	for name, formats := range map[string][]state.Format{
		"by time": {state.Windows},
		"by key":  {state.WindowsByKey, state.WindowsByKey.ByTime()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Run("decoded", func(t *testing.T) { rapid.Check(t, windowModel(numbers, formats)) })
			t.Run("encoded", func(t *testing.T) { rapid.Check(t, windowModel(lists, formats)) })
			t.Run("cloned", func(t *testing.T) { rapid.Check(t, windowModel(clones, formats)) })
		})
	}
}

// windowStore is a view in either layout.
type windowStore[V any] interface {
	store.WindowRows[string, V]
	view
}

// windowMachine runs a view beside its model.
type windowMachine[V any] struct {
	values[V]
	life[windows]
	formats []state.Format
	s       windowStore[V]
	now     int64
}

func windowModel[V any](v values[V], formats []state.Format) func(t *rapid.T) {
	return func(t *rapid.T) {
		m := &windowMachine[V]{values: v, formats: formats, life: life[windows]{
			retention: retention * time.Millisecond, newBase: inMap, committed: windows{map[window]stored{}, math.MinInt64},
		}}
		m.open = m.another
		m.lead(t, map[string]func(*rapid.T){
			"put":     m.put,
			"again":   m.put,
			"delete":  m.remove,
			"get":     m.get,
			"range":   m.scan,
			"times":   m.times,
			"nest":    m.nest,
			"restore": m.restore,
			"shelve":  m.shelve,
			"":        m.check,
		})
	}
}

// another view may have an index that the one before had not, or none.
func (m *windowMachine[V]) another(t *rapid.T) view {
	m.format = rapid.SampledFrom(m.formats).Draw(t, "format")
	o := store.Options{Name: "counts", Format: m.format, End: windowEnd, Retention: m.retention, Now: &m.now}
	if m.s = store.NewWindowByKey(m.base, text{}, m.serde, o); m.format == state.Windows {
		m.s = store.NewWindow(m.base, text{}, m.serde, o)
	}
	return m.s
}

func (m *windowMachine[V]) shelve(*rapid.T) {
	if s, ok := m.s.(*store.Window[string, V]); ok {
		s.Shelve()
	}
}

// at draws the start of a window near the stream time.
func (m *windowMachine[V]) at(t *rapid.T) window {
	start := rapid.Int64Range(-retention-3, retention).Draw(t, "start")
	if m.current.time != math.MinInt64 {
		start += m.current.time
	}
	return window{start, versionKeys.Draw(t, "key")}
}

func (m *windowMachine[V]) put(t *rapid.T) {
	w, n, ms := m.at(t), rapid.IntRange(0, 199).Draw(t, "n"), rapid.Int64Range(0, 9).Draw(t, "time")
	v := m.make(byte(n))
	kept, err := m.s.PutWithTime(w.key, v, w.start, ms)
	m.spoil(v)
	if want := m.current.live(w.start); err != nil || kept != want {
		t.Fatalf("put %v at stream time %d: %v, %v", w, m.current.time, kept, err)
	} else if want {
		m.current.rows[w] = stored{n, ms}
		m.current.time = max(m.current.time, w.start)
	}
}

func (m *windowMachine[V]) remove(t *rapid.T) {
	w := m.at(t)
	if err := m.s.Delete(w.key, w.start); err != nil {
		t.Fatal(err)
	}
	if m.current.live(w.start) {
		delete(m.current.rows, w)
	}
}

// restore makes the store anew of its changelog. A window that was put and deleted
// in one transaction has moved the stream time, and is in no log.
func (m *windowMachine[V]) restore(t *rapid.T) {
	m.life.restore(t)
	m.committed.time = m.streamTime(t)
	for w := range m.committed.rows {
		if w.start > m.committed.time {
			t.Fatalf("%v is newer than the stream time of the changelog, %d", w, m.committed.time)
		}
	}
	m.rewind(t)
}

func (m *windowMachine[V]) get(t *rapid.T) {
	w := m.at(t)
	v, ms, ok, err := m.s.GetWithTime(w.key, w.start)
	want, there := m.current.rows[w]
	if there = there && m.current.live(w.start); err != nil || ok != there {
		t.Fatalf("%v at stream time %d: %v, %v", w, m.current.time, ok, err)
	}
	if ok && (int(m.values.read(v)) != want.n || ms != want.ms) {
		t.Fatalf("%v: %d@%d, want %v", w, m.values.read(v), ms, want)
	}
}

func (m *windowMachine[V]) scan(t *rapid.T) {
	from, span := m.at(t), rapid.Int64Range(-2, 3*retention).Draw(t, "span")
	to := from.start + span
	if rapid.Bool().Draw(t, "open") {
		from.start, to = math.MinInt64, math.MaxInt64
	}
	inTime := func(w window) bool { return w.start >= from.start && w.start <= to }
	until := versionKeys.Draw(t, "until")
	for _, c := range []struct {
		name      string
		wanted    func(window) bool
		way, back iter.Seq2[state.Windowed[string], V]
	}{
		{
			"of one key", func(w window) bool { return w.key == from.key && inTime(w) },
			m.s.Range(from.key, from.start, to), m.s.RangeBackward(from.key, from.start, to),
		},
		{
			"of keys", func(w window) bool { return w.key >= from.key && w.key < until && inTime(w) },
			m.s.KeyRange(from.key, until, from.start, to), m.s.KeyRangeBackward(from.key, until, from.start, to),
		},
		{"of all", inTime, m.s.Between(from.start, to), m.s.BetweenBackward(from.start, to)},
	} {
		want := m.current.show(c.wanted)
		for _, loop := range []iter.Seq2[state.Windowed[string], V]{c.way, c.back} {
			var got []string
			for w, v := range loop {
				got = append(got, m.text(w, v))
				m.spoil(v)
			}
			if d := diff.Diff(want, got); m.s.ScanErr() != nil || d != "" {
				t.Fatalf("%s, %q from %d to %d at stream time %d: %v (-want +got):\n%s", c.name, from.key, from.start, to, m.current.time, m.s.ScanErr(), d)
			}
			slices.Reverse(want)
		}
	}
}

// times compares what comes with the times of writes.
func (m *windowMachine[V]) times(t *rapid.T) {
	at, from := m.at(t), m.at(t).start
	wanted := func(w window) bool { return w.start >= from && w.start <= at.start }
	want := m.current.show(wanted)
	var got []string
	err := m.s.Since(from, func(w state.Windowed[string], v V, ms int64) bool {
		if row, was := m.current.rows[window{w.Start, w.Key}]; !was || ms != row.ms {
			t.Errorf("%v has the time %d, want %v", w, ms, row)
		}
		if w.Start > at.start {
			return false
		}
		if m.current.live(w.Start) { // it may show what has expired
			got = append(got, m.text(w, v))
		}
		return true
	})
	if d := diff.Diff(want, got); err != nil || d != "" {
		t.Fatalf("from %d to %d at stream time %d: %v (-want +got):\n%s", from, at.start, m.current.time, err, d)
	}
	byKey, ok := m.s.(*store.WindowByKey[string, V])
	if !ok {
		return
	}
	for _, backward := range []bool{false, true} {
		want, got = m.current.show(func(w window) bool { return w.key == at.key && wanted(w) }), nil
		err := byKey.Times(at.key, from, at.start, backward, func(start, ms int64) bool {
			w := window{start, at.key}
			got = append(got, fmt.Sprintf("%q@[%d,%d)=%d", w.key, start, start+windowSize, m.current.rows[w].n))
			if ms != m.current.rows[w].ms {
				t.Errorf("%v has the time %d", w, ms)
			}
			return true
		})
		if backward {
			slices.Reverse(want)
		}
		if d := diff.Diff(want, got); err != nil || d != "" {
			t.Fatalf("%q from %d to %d at stream time %d: %v (-want +got):\n%s", at.key, from, at.start, m.current.time, err, d)
		}
	}
}

func (m *windowMachine[V]) text(w state.Windowed[string], v V) string {
	return fmt.Sprintf("%q@[%d,%d)=%d", w.Key, w.Start, w.End, m.values.read(v))
}

// nest writes and commits within loops, which see the state as of their start.
func (m *windowMachine[V]) nest(t *rapid.T) {
	key := versionKeys.Draw(t, "key")
	want := m.current.show(func(w window) bool { return w.key == key })
	var got []string
	for w, v := range m.s.Range(key, math.MinInt64, math.MaxInt64) {
		got = append(got, m.text(w, v))
		m.put(t)
		m.freeze(t)
		m.apply(t)
	}
	if d := diff.Diff(want, got); m.s.ScanErr() != nil || d != "" {
		t.Fatalf("%q: %v (-want +got):\n%s", key, m.s.ScanErr(), d)
	}
	for backward, loop := range []iter.Seq2[state.Windowed[string], V]{m.s.All(), m.s.BetweenBackward(math.MinInt64, math.MaxInt64)} {
		want, got = m.current.show(all), nil
		if backward == 1 {
			slices.Reverse(want)
		}
		for w, v := range loop {
			got = append(got, m.text(w, v))
			m.put(t)
			m.get(t)
		}
		if d := diff.Diff(want, got); m.s.ScanErr() != nil || d != "" {
			t.Fatalf("all (-want +got):\n%s", d)
		}
	}
}

func (m *windowMachine[V]) check(t *rapid.T) {
	m.life.check(t)
	m.bounded(t)
	var got []string
	for w, v := range m.s.All() {
		got = append(got, m.text(w, v))
	}
	if d := diff.Diff(m.current.show(all), got); m.s.ScanErr() != nil || d != "" {
		t.Fatalf("at stream time %d: %v (-want +got):\n%s", m.current.time, m.s.ScanErr(), d)
	}
}

// bounded says that what is below is bounded by what lives, however much has
// expired.
func (m *windowMachine[V]) bounded(t *rapid.T) {
	const segment = 8 // ms
	layout := m.format.Segments(m.retention)
	for _, key := range m.base.(*base).m.Keys() {
		start := m.committed.time
		if m.format == state.Windows {
			var w state.WindowRow
			if key != "\x00" && w.DecodeKey([]byte(key)) == nil {
				start = w.StartMs + segment - retention/8 - 1
			}
		} else if r, err := layout.DecodeKey([]byte(key), new([]byte)); err == nil {
			start = r.TimeMs
		}
		if start < m.committed.time-retention-segment {
			t.Fatalf("the window of %d is still there at stream time %d", start, m.committed.time)
		}
	}
}
