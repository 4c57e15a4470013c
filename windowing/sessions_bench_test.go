package windowing_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/state/lsm"
)

// BenchmarkSessionsOfOthers is what a record costs that stretches a session, by
// how many live sessions other keys have: it should not grow with them.
func BenchmarkSessionsOfOthers(b *testing.B) {
	for name, backend := range map[string]func() state.Backend{"memory": state.Memory, "disk": func() state.Backend { return lsm.Dir(b.TempDir()) }} {
		for _, others := range []int{1_000, 100_000} {
			b.Run(fmt.Sprintf("%s/%d", name, others), func(b *testing.B) {
				db, err := backend().Open(b.Context(), state.Options{App: "bench"})
				if err != nil {
					b.Fatal(err)
				}
				defer db.Close()
				base, err := db.Store(state.ID{Name: "sessions"})
				if err != nil {
					b.Fatal(err)
				}
				s := store.NewSession(base, serde.String, serde.Int64, store.Options{Name: "sessions", Format: state.Sessions, Retention: time.Hour})
				commit := func(seq int) {
					var batch state.Batch
					if err := s.Freeze(uint64(seq), &batch); err != nil {
						b.Fatal(err)
					}
					if err := base.Apply(&batch, state.Position{}); err != nil {
						b.Fatal(err)
					}
					s.Applied(uint64(seq))
				}
				for i := range others {
					if _, err := s.Put(fmt.Sprint("other", i), 1, int64(i%3_000_000), int64(i%3_000_000)); err != nil {
						b.Fatal(err)
					}
				}
				commit(1)
				s.Evict(0)
				const gap = 1000
				var found []store.Found[string, int64]
				at := int64(3_000_000)
				for i := 0; b.Loop(); i++ {
					s.Mark()
					key := fmt.Sprint("key", i%100)
					at += 2
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
						commit(i)
						s.Evict(0)
					}
				}
			})
		}
	}
}
