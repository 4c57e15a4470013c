package windowing_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/state/lsm"
)

// openBase opens a store of a backend.
func openBase(b *testing.B, backend state.Backend) state.Store {
	b.Helper()
	db, err := backend.Open(b.Context(), state.Options{App: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	base, err := db.Store(state.ID{Name: "rows"})
	if err != nil {
		b.Fatal(err)
	}
	return base
}

// commit brings what was written to s into base, and nothing stays in memory.
func commit(b *testing.B, s graph.TaskStore, base state.Store, seq int) {
	b.Helper()
	var batch state.Batch
	if err := s.Freeze(uint64(seq), &batch); err != nil {
		b.Fatal(err)
	}
	if err := base.Apply(&batch, state.Position{}); err != nil {
		b.Fatal(err)
	}
	s.Applied(uint64(seq))
	s.Evict(0)
}

// BenchmarkSessionsOfOthers is what a record costs that stretches a session, by
// how many live sessions other keys have: it should not grow with them.
func BenchmarkSessionsOfOthers(b *testing.B) {
	for name, backend := range map[string]func() state.Backend{"memory": state.Memory, "disk": func() state.Backend { return lsm.Dir(b.TempDir()) }} {
		for _, others := range []int{1_000, 100_000} {
			b.Run(fmt.Sprintf("%s/%d", name, others), func(b *testing.B) {
				base := openBase(b, backend())
				s := store.NewSession(base, serde.String, serde.Int64, store.Options{Name: "sessions", Format: state.Sessions, Retention: time.Hour})
				for i := range others {
					if _, err := s.Put(fmt.Sprint("other", i), 1, int64(i%3_000_000), int64(i%3_000_000)); err != nil {
						b.Fatal(err)
					}
				}
				commit(b, s, base, 1)
				const gap = 1000
				var found []store.Found[string, int64]
				at := int64(3_000_000)
				for i := 0; b.Loop(); i++ {
					s.Mark()
					key := fmt.Sprint("key", i%100)
					at += 2
					var err error
					found, err = s.Find(found[:0], key, at-gap, at+gap)
					w := state.Windowed[string]{Key: key, Start: at, End: at}
					for _, f := range found {
						w.Start = f.At.Start
						err = s.Remove(f.At)
					}
					if err == nil {
						_, err = s.Write(w, int64(i), at, true)
					}
					if err != nil {
						b.Fatal(err)
					}
					if i%10_000 == 9_999 {
						commit(b, s, base, i)
					}
				}
			})
		}
	}
}
