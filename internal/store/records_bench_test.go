package store_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/state/lsm"
)

// joining are the two stores of a join within a second, whose records come 20
// microseconds apart, one on each side.
type joining struct {
	sides   [2]*store.Records[string, int64]
	bases   [2]state.Store
	batches [2]state.Batch
	at      int64 // microseconds
	n, seq  uint64
	met     int
	visit   func(int64, int32, int64) (bool, error)
}

const joinSpan = 1000 // ms, on either side

func newJoining(base func(side int) state.Store) *joining {
	j := &joining{at: 1_700_000_000_000_000}
	for side := range j.sides {
		j.bases[side] = base(side)
		j.sides[side] = store.NewRecords(j.bases[side], text{}, number{}, store.Options{Name: "left", Retention: 2 * joinSpan * time.Millisecond})
	}
	j.visit = func(int64, int32, int64) (bool, error) { j.met++; return true, nil }
	return j
}

// record does for a record of one side what a join does. A transaction has as
// many as come in 100 ms at 400,000 records a second.
func (j *joining) record(tb testing.TB, key string) {
	side := j.n % 2
	own, other := j.sides[side], j.sides[1-side]
	ms := j.at / 1000
	j.n++
	if side == 1 {
		j.at += 20
	}
	own.Mark()
	other.Mark()
	err := own.Expire(ms - 2*joinSpan)
	if err == nil {
		err = other.Expire(ms - 2*joinSpan)
	}
	if err == nil {
		err = other.Near(key, ms-joinSpan, ms+joinSpan, j.visit)
	}
	if err == nil {
		_, err = own.Add(key, int64(j.n), ms)
	}
	if err != nil {
		tb.Fatal(err)
	}
	if j.n%40_000 == 0 {
		j.commit(tb)
	}
}

func (j *joining) commit(tb testing.TB) {
	j.seq++
	for side, s := range j.sides {
		b := &j.batches[side]
		b.Reset()
		err := s.Freeze(j.seq, b)
		if err == nil {
			err = j.bases[side].Apply(b, state.Position{})
		}
		if err != nil {
			tb.Fatal(err)
		}
		s.Applied(j.seq)
		s.Evict(64 << 20)
	}
}

// nowhere is a base that keeps nothing: what it costs to write is another matter.
type nowhere struct{ base }

func (*nowhere) Apply(*state.Batch, state.Position) error { return nil }

// BenchmarkJoinRecord is what the stores of a join cost for each record: it looks
// for partners on the other side, and is added on its own.
func BenchmarkJoinRecord(b *testing.B) {
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("%d keys", n), func(b *testing.B) {
			benchmarkJoin(b, n, func(int) state.Store { return &nowhere{} })
		})
	}
	b.Run("on disk", func(b *testing.B) {
		db, err := lsm.Dir(b.TempDir()).Open(b.Context(), state.Options{App: "join"})
		if err != nil {
			b.Fatal(err)
		}
		defer db.Close()
		benchmarkJoin(b, 100_000, func(side int) state.Store {
			s, err := db.Store(state.ID{Name: "side", Partition: int32(side)})
			if err != nil {
				b.Fatal(err)
			}
			return s
		})
	})
}

func benchmarkJoin(b *testing.B, n int, base func(int) state.Store) {
	ks := names(n)
	j := newJoining(base)
	next := uint64(1)
	step := func() {
		next = next*6364136223846793005 + 1442695040888963407
		j.record(b, ks[(next>>33)%uint64(n)])
	}
	for range 300_000 { // until records expire
		step()
	}
	j.met = 0
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
	b.ReportMetric(float64(j.met)/float64(b.N), "matches/op")
}

// BenchmarkHotKey adds records to a key that has many in a segment, in any order,
// with a search of which few are near.
func BenchmarkHotKey(b *testing.B) {
	for _, n := range []int{100, 100_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			base := &nowhere{}
			s := store.NewRecords(base, text{}, number{}, store.Options{Name: "left", Retention: time.Hour})
			var batch state.Batch
			ms, seq := uint64(1), uint64(0)
			add := func() int64 {
				ms = ms*6364136223846793005 + 1442695040888963407
				at := 1_700_000_000_000 + int64(ms>>33)%600_000
				if _, err := s.Add("hot", 1, at); err != nil {
					b.Fatal(err)
				}
				return at
			}
			commit := func() {
				seq++
				batch.Reset()
				if err := s.Freeze(seq, &batch); err != nil {
					b.Fatal(err)
				}
				s.Applied(seq)
			}
			for range n {
				add()
			}
			commit()
			b.ReportAllocs()
			for i := 1; b.Loop(); i++ {
				s.Mark()
				at := add()
				_ = s.Near("hot", at-5, at+5, func(int64, int32, int64) (bool, error) { return true, nil })
				s.Undo()
				if i%1000 == 0 {
					add()
					commit()
				}
			}
		})
	}
}
