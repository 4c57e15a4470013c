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
	_ state.Session[string, int64] = (*store.Session[string, int64])(nil)
	_ graph.TaskStore              = (*store.Session[string, int64])(nil)
	_ graph.Pruner                 = (*store.Session[string, int64])(nil)
	_ graph.Counted                = (*store.Session[string, int64])(nil)
	_ graph.Clocked                = (*store.Session[string, int64])(nil)
)

type session = state.Windowed[string]

// sessions are all that were ever stored: the model forgets nothing, and hides
// what has expired.
type sessions struct {
	rows map[session]stored
	time int64 // the stream time
}

func (s sessions) clone() sessions { return sessions{maps.Clone(s.rows), s.time} }

func (s sessions) live(end int64) bool {
	return s.time == math.MinInt64 || end > s.time-retention
}

func byEnd(x, y session) int {
	return cmp.Or(cmp.Compare(x.End, y.End), cmp.Compare(x.Start, y.Start), cmp.Compare(x.Key, y.Key))
}

// show are the live sessions of those that are wanted, in order.
func (s sessions) show(wanted func(session) bool) (rows []string) {
	for _, k := range slices.SortedFunc(maps.Keys(s.rows), byEnd) {
		if s.live(k.End) && wanted(k) {
			rows = append(rows, fmt.Sprintf("%q@[%d,%d]=%d", k.Key, k.Start, k.End, s.rows[k].n))
		}
	}
	return rows
}

func everySession(session) bool { return true }

func TestSessionsAgreeWithMaps(t *testing.T) {
	t.Run("decoded", func(t *testing.T) { rapid.Check(t, sessionModel(numbers)) })
	t.Run("encoded", func(t *testing.T) { rapid.Check(t, sessionModel(lists)) })
	t.Run("cloned", func(t *testing.T) { rapid.Check(t, sessionModel(clones)) })
}

// sessionMachine runs a view beside its model.
type sessionMachine[V any] struct {
	values[V]
	life[sessions]
	s   *store.Session[string, V]
	now int64
}

func sessionModel[V any](v values[V]) func(t *rapid.T) {
	return func(t *rapid.T) {
		m := &sessionMachine[V]{values: v, life: life[sessions]{
			retention: retention * time.Millisecond, newBase: inMap, committed: sessions{map[session]stored{}, math.MinInt64},
		}}
		m.open = m.another
		m.lead(t, map[string]func(*rapid.T){
			"now":     func(t *rapid.T) { m.now = rapid.Int64Range(0, 99).Draw(t, "now") },
			"put":     m.put,
			"add":     m.add,
			"again":   m.put,
			"delete":  m.remove,
			"remove":  m.removeFound,
			"get":     m.get,
			"range":   m.scan,
			"closing": m.closing,
			"nest":    m.nest,
			"restore": m.restore,
			"":        m.check,
		})
	}
}

// another view may have an index that the one before had not, or none.
func (m *sessionMachine[V]) another(t *rapid.T) view {
	m.format = state.Sessions
	if rapid.Bool().Draw(t, "index") {
		m.format = m.format.ByTime()
	}
	m.s = store.NewSession(m.base, text{}, m.serde, store.Options{
		Name: "sessions", Format: m.format, Retention: m.retention, Now: &m.now,
	})
	return m.s
}

// at draws a session near the stream time.
func (m *sessionMachine[V]) at(t *rapid.T) session {
	end := rapid.Int64Range(-retention-3, retention).Draw(t, "end")
	if m.current.time != math.MinInt64 {
		end += m.current.time
	}
	return session{Key: versionKeys.Draw(t, "key"), Start: end - rapid.Int64Range(0, 6).Draw(t, "length"), End: end}
}

func (m *sessionMachine[V]) put(t *rapid.T) {
	m.write(t, m.at(t), func(w session, v V) (bool, error) { return m.s.Put(w.Key, v, w.Start, w.End) })
}

// add is for sessions that are not there.
func (m *sessionMachine[V]) add(t *rapid.T) {
	w := m.at(t)
	if _, there := m.current.rows[w]; there && m.current.live(w.End) {
		return
	}
	m.write(t, w, m.fresh)
}

func (m *sessionMachine[V]) fresh(w session, v V) (bool, error) { return m.s.Write(w, v, m.now, true) }

func (m *sessionMachine[V]) write(t *rapid.T, w session, put func(session, V) (bool, error)) {
	n := rapid.IntRange(0, 199).Draw(t, "n")
	v := m.make(byte(n))
	kept, err := put(w, v)
	m.spoil(v)
	if want := m.current.live(w.End); err != nil || kept != want {
		t.Fatalf("put %v at stream time %d: %v, %v", w, m.current.time, kept, err)
	} else if want {
		m.current.rows[w] = stored{n, m.now}
		m.current.time = max(m.current.time, w.End)
	}
}

func (m *sessionMachine[V]) remove(t *rapid.T) {
	w := m.at(t)
	if err := m.s.Delete(w.Key, w.Start, w.End); err != nil {
		t.Fatal(err)
	}
	if m.current.live(w.End) {
		delete(m.current.rows, w)
	}
}

// removeFound removes what a search shows, and most often adds something else,
// as sessions grow.
func (m *sessionMachine[V]) removeFound(t *rapid.T) {
	w := m.at(t)
	found, err := m.s.Find(nil, w.Key, w.Start, w.End)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		w.Start, w.End = min(w.Start, f.At.Start), max(w.End, f.At.End)
		if err := m.s.Remove(f.At); err != nil {
			t.Fatal(err)
		}
		delete(m.current.rows, f.At)
	}
	if _, there := m.current.rows[w]; !there && rapid.IntRange(0, 3).Draw(t, "then") > 0 {
		m.write(t, w, m.fresh)
	}
}

// restore makes the store anew of its changelog. A session that was put and deleted
// in one transaction has moved the stream time, and is in no log.
func (m *sessionMachine[V]) restore(t *rapid.T) {
	m.life.restore(t)
	m.committed.time = m.streamTime(t)
	for w := range m.committed.rows {
		if w.End > m.committed.time {
			t.Fatalf("%v is newer than the stream time of the changelog, %d", w, m.committed.time)
		}
	}
	m.rewind(t)
}

func (m *sessionMachine[V]) get(t *rapid.T) {
	w := m.at(t)
	v, ms, ok, err := m.s.GetWithTime(w.Key, w.Start, w.End)
	want, there := m.current.rows[w]
	if there = there && m.current.live(w.End); err != nil || ok != there {
		t.Fatalf("%v at stream time %d: %v, %v", w, m.current.time, ok, err)
	}
	if ok && (int(m.values.read(v)) != want.n || ms != want.ms) {
		t.Fatalf("%v: %d@%d, want %v", w, m.values.read(v), ms, want)
	}
}

func (m *sessionMachine[V]) scan(t *rapid.T) {
	at := m.at(t)
	if rapid.Bool().Draw(t, "open") {
		at.Start, at.End = math.MinInt64, math.MaxInt64
	}
	for _, c := range []struct {
		name      string
		wanted    func(session) bool
		way, back iter.Seq2[session, V]
	}{
		{
			"of one key", func(w session) bool { return w.Key == at.Key && w.End >= at.Start && w.Start <= at.End },
			m.s.Range(at.Key, at.Start, at.End), m.s.RangeBackward(at.Key, at.Start, at.End),
		},
		{
			"of all", func(w session) bool { return w.End >= at.Start && w.End <= at.End },
			m.s.Between(at.Start, at.End), m.s.BetweenBackward(at.Start, at.End),
		},
	} {
		want := m.current.show(c.wanted)
		for _, loop := range []iter.Seq2[session, V]{c.way, c.back} {
			m.same(t, c.name, want, loop, func() {})
			slices.Reverse(want)
		}
	}
}

// same compares what a loop yields, each of which goes with one call of body.
func (m *sessionMachine[V]) same(t *rapid.T, name string, want []string, loop iter.Seq2[session, V], body func()) {
	var got []string
	for w, v := range loop {
		got = append(got, fmt.Sprintf("%q@[%d,%d]=%d", w.Key, w.Start, w.End, m.values.read(v)))
		m.spoil(v)
		body()
	}
	if d := diff.Diff(want, got); m.s.ScanErr() != nil || d != "" {
		t.Fatalf("%s at stream time %d: %v (-want +got):\n%s", name, m.current.time, m.s.ScanErr(), d)
	}
}

// closing lists what ends in a span of time, and may list what has expired.
func (m *sessionMachine[V]) closing(t *rapid.T) {
	if m.format == state.Sessions {
		return
	}
	at := m.at(t)
	var live []string
	next, err := m.s.Ended(at.Start, at.End, func(f store.Found[string, V]) error {
		if m.current.live(f.At.End) {
			live = append(live, fmt.Sprintf("%q@[%d,%d]=%d", f.At.Key, f.At.Start, f.At.End, m.values.read(f.Value)))
		} else if _, was := m.current.rows[f.At]; !was {
			t.Errorf("%v was deleted", f.At)
		}
		return nil
	})
	want := m.current.show(func(w session) bool { return w.End >= at.Start && w.End <= at.End })
	if d := diff.Diff(want, live); err != nil || d != "" {
		t.Fatalf("from %d to %d at stream time %d: %v (-want +got):\n%s", at.Start, at.End, m.current.time, err, d)
	}
	behind := int64(math.MaxInt64)
	for w := range m.current.rows {
		if w.End > at.End && m.current.live(w.End) {
			behind = min(behind, w.End)
		}
	}
	if next > behind || next < behind && m.current.live(next) {
		t.Fatalf("the next one behind %d ends at %d, want %d", at.End, next, behind)
	}
}

// nest writes and commits within loops, which see the state as of their start.
func (m *sessionMachine[V]) nest(t *rapid.T) {
	key := versionKeys.Draw(t, "key")
	own := m.current.show(func(w session) bool { return w.Key == key })
	m.same(t, "nested", own, m.s.Range(key, math.MinInt64, math.MaxInt64), func() {
		m.put(t)
		m.scan(t)
		m.freeze(t)
		m.apply(t)
	})
	m.same(t, "all, nested", m.current.show(everySession), m.s.All(), func() { m.put(t); m.get(t) })
}

func (m *sessionMachine[V]) check(t *rapid.T) {
	m.life.check(t)
	m.same(t, "all", m.current.show(everySession), m.s.All(), func() {})
	// However much has expired, what is below is bounded by what lives.
	const segment = 8 // ms
	layout := m.format.Segments(m.retention)
	for _, key := range m.base.(*base).m.Keys() {
		if r, err := layout.DecodeKey([]byte(key), new([]byte)); err == nil && r.TimeMs < m.committed.time-retention-segment {
			t.Fatalf("the session that ended at %d is still there at stream time %d", r.TimeMs, m.committed.time)
		}
	}
}
