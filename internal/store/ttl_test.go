package store_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

var _ graph.Expiring = (*store.KeyValue[string, int64])(nil)

const ttl = 10 // ms

// mortal opens a view whose entries live for ttl by a stream time of the test's.
func mortal[V any](b *base, vs serde.Serde[V], now, streamTime *int64) *store.KeyValue[string, V] {
	return store.NewKeyValue(b, text{}, vs, store.Options{Name: "counts", Now: now, StreamTime: streamTime, TTL: ttl * time.Millisecond})
}

func TestEntryIsGoneWhenStreamTimeReachesItsEnd(t *testing.T) {
	var now, streamTime int64 = 0, -1
	b := &base{}
	b.m.Set("stored", timed(100, "\x00\x00\x00\x00\x00\x00\x00\x07"))
	s := mortal(b, number{}, &now, &streamTime)
	now = 100
	do(t, s.Put("put", 7))
	for _, c := range []struct {
		streamTime int64
		there      bool
	}{{-1, true}, {109, true}, {110, false}, {1 << 60, false}, {100, true}} {
		streamTime = c.streamTime
		for _, key := range []string{"put", "stored"} {
			if v, ok, err := s.Get(key); err != nil || ok != c.there || ok && v != 7 {
				t.Errorf("%s at %d: %d, %v, %v", key, c.streamTime, v, ok, err)
			}
		}
		n := 0
		for range s.All() {
			n++
		}
		for range s.Range("a", "z") {
			n++
		}
		if do(t, s.ScanErr()); c.there && n != 4 || !c.there && n != 0 {
			t.Errorf("at %d: scans show %d", c.streamTime, n)
		}
	}
}

func TestEntryThatIsWrittenAgainLivesOn(t *testing.T) {
	var now, streamTime int64
	s := mortal(&base{}, number{}, &now, &streamTime)
	do(t, s.PutWithTime("a", 1, 0), s.PutWithTime("b", 1, 0))
	freeze(t, s, 1)
	do(t, s.PutWithTime("a", 2, 5))
	streamTime = 12
	same(t, freeze(t, s, 2), []string{"a=" + timed(5, "\x00\x00\x00\x00\x00\x00\x00\x02") + "@5"})
	if _, ok, _ := s.Get("b"); ok {
		t.Error("b lives")
	}
	if _, ok, _ := s.Get("a"); !ok {
		t.Error("a does not live")
	}
}

// The sweep's tombstones are part of a batch like other deletions, with the
// stream time as theirs.
func TestSweepIsLogged(t *testing.T) {
	var now, streamTime int64
	b := &base{}
	for _, k := range []string{"a", "b", "c", "d", "e"} {
		b.m.Set(k, timed(1, ""))
	}
	b.m.Set("bb", timed(30, ""))
	s := mortal(b, list{}, &now, &streamTime)
	s.SweepRows(2)
	streamTime = 20
	for seq, want := range [][]string{{"-a@20", "-b@20"}, {"-c@20"}, {"-d@20", "-e@20"}, nil} {
		same(t, freeze(t, s, uint64(seq+1)), want)
	}
	streamTime = 39
	same(t, freeze(t, s, 5), nil)
	streamTime = 40
	same(t, freeze(t, s, 6), nil) // a and b are frozen as deleted
	same(t, freeze(t, s, 7), []string{"-bb@40"})
}

// Between two rounds nothing is read: the time of the oldest entry says when
// the next one is due.
func TestSweepRestsUntilSomethingCanHaveExpired(t *testing.T) {
	var now, streamTime int64
	b := &base{scanErr: errRefused}
	s := mortal(b, number{}, &now, &streamTime)
	var batch state.Batch
	fails(t, s.Freeze(1, &batch), errRefused) // what the base holds is not known yet
	b.scanErr = nil
	s.Discard()
	freeze(t, s, 2)
	b.scanErr = errRefused
	do(t, s.PutWithTime("a", 1, 100), s.PutWithTime("b", 1, 50))
	streamTime = 59
	do(t, s.Freeze(3, &batch))
	streamTime = 60
	fails(t, s.Freeze(4, &batch), errRefused)
}

// A round that begins before the base has an entry does not forget it.
func TestEntryThatIsNotYetInTheBaseIsSweptLater(t *testing.T) {
	var now, streamTime int64
	b := &base{}
	s := mortal(b, number{}, &now, &streamTime)
	do(t, s.PutWithTime("a", 1, 1))
	var batch state.Batch
	do(t, s.Freeze(1, &batch), b.Apply(&batch, state.Position{}))
	s.Applied(1)
	streamTime = 11
	same(t, freeze(t, s, 2), []string{"-a@11"})
}

func TestDamagedTimeEndsTheSweep(t *testing.T) {
	var now, streamTime int64
	b := &base{}
	b.m.Set("a", "short")
	var batch state.Batch
	if err := mortal(b, number{}, &now, &streamTime).Freeze(1, &batch); err == nil {
		t.Error("no error")
	}
}

func TestTTLAgreesWithAMap(t *testing.T) {
	t.Run("decoded", func(t *testing.T) { rapid.Check(t, mortals(numbers)) })
	t.Run("encoded", func(t *testing.T) { rapid.Check(t, mortals(lists)) })
}

// mortals compares a view with a map from which what has expired is taken out
// when it is looked at. Time goes on and back, with undone records.
func mortals[V any](v values[V]) func(t *rapid.T) {
	return func(t *rapid.T) {
		type world struct {
			rows map[string]row
			time int64 // the task's stream time
		}
		clone := func(w world) world { return world{maps.Clone(w.rows), w.time} }
		now, b := int64(0), &base{}
		current := world{map[string]row{}, -1}
		marked, committed := clone(current), clone(current)
		var frozen []world
		var batches []*state.Batch
		seq := uint64(0)
		log := map[string]string{} // the changelog, compacted
		s := mortal(b, v.serde, &now, &current.time)
		s.SweepRows(3)
		live := func(w world) map[string]string {
			rows := map[string]string{}
			for k, r := range w.rows {
				if w.time < r.time+ttl {
					rows[k] = fmt.Sprint(r)
				}
			}
			return rows
		}
		freeze := func(t *rapid.T) {
			if len(batches) == 2 {
				return // no more are ever in flight
			}
			seq++
			batch := &state.Batch{}
			if err := s.Freeze(seq, batch); err != nil {
				t.Fatal(err)
			}
			batches, frozen = append(batches, batch), append(frozen, clone(current))
			marked = clone(current)
		}
		apply := func(t *rapid.T) {
			if len(batches) == 0 {
				return
			}
			batch := batches[0]
			for i := range batch.Len() {
				if w := batch.At(i); w.Delete {
					delete(log, string(w.Key))
				} else {
					log[string(w.Key)] = string(w.Value)
				}
			}
			if err := b.Apply(batch, state.Position{}); err != nil {
				t.Fatal(err)
			}
			committed, frozen, batches = frozen[0], frozen[1:], batches[1:]
			s.Applied(seq - uint64(len(batches)))
		}
		t.Repeat(map[string]func(*rapid.T){
			"record": func(t *rapid.T) { // may be late
				s.Mark()
				marked = clone(current)
				now = max(0, current.time+rapid.Int64Range(-2*ttl, ttl/2).Draw(t, "later"))
				current.time = max(current.time, now)
				for range rapid.IntRange(0, 3).Draw(t, "writes") {
					key, n := keys.Draw(t, "key"), rapid.ByteRange(0, 199).Draw(t, "n")
					if n < 20 {
						if err := s.Delete(key); err != nil {
							t.Fatal(err)
						}
						delete(current.rows, key)
						continue
					}
					if err := s.Put(key, v.make(n)); err != nil {
						t.Fatal(err)
					}
					current.rows[key] = row{n, now}
				}
			},
			"undo": func(*rapid.T) {
				s.Undo()
				current.rows, current.time = maps.Clone(marked.rows), marked.time
			},
			"freeze":  freeze,
			"applied": apply,
			"discard": func(t *rapid.T) {
				s.Discard()
				batches, frozen = nil, nil
				current.rows, current.time = maps.Clone(committed.rows), committed.time
				marked = clone(current)
			},
			"crash": func(t *rapid.T) { // without its state: the changelog has it
				b = &base{}
				for k, v := range log {
					b.m.Set(k, v)
				}
				batches, frozen = nil, nil
				current.rows, current.time = maps.Clone(committed.rows), committed.time
				marked = clone(current)
				s = mortal(b, v.serde, &now, &current.time)
				s.SweepRows(3)
			},
			"evict": func(t *rapid.T) { s.Evict(rapid.Int64Range(0, 500).Draw(t, "limit")) },
			"get": func(t *rapid.T) {
				key := keys.Draw(t, "key")
				want, there := live(current)[key]
				got, ms, ok, err := s.GetWithTime(key)
				if err != nil || ok != there || ok && fmt.Sprint(row{v.read(got), ms}) != want {
					t.Fatalf("%v at %d, %v, %v; want %q", got, ms, ok, err, want)
				}
			},
			"settle": func(t *rapid.T) { // a round and a bit: nothing is left that has expired
				for len(batches) > 0 {
					apply(t)
				}
				for range 2 * (len(current.rows) + b.m.Len() + 1) {
					freeze(t)
					apply(t)
				}
				rows := live(current)
				b.m.Scan(func(k, _ string) bool {
					if rows[k] == "" {
						t.Fatalf("%q is still there", k)
					}
					return true
				})
				if b.m.Len() != len(rows) {
					t.Fatalf("%d rows, want %d", b.m.Len(), len(rows))
				}
			},
			"": func(t *rapid.T) {
				got, want := map[string]string{}, live(current)
				for k, v2 := range s.All() {
					got[k] = fmt.Sprint(v.read(v2))
				}
				for k := range want {
					want[k] = fmt.Sprint(current.rows[k].n)
				}
				if d := cmp.Diff(want, got); s.ScanErr() != nil || d != "" {
					t.Fatalf("%v (-want +got):\n%s", s.ScanErr(), d)
				}
				if err := s.Check(); err != nil {
					t.Fatal(err)
				}
			},
		})
	}
}
