package windowing

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

type nowhere[K, V any] struct{}

func (nowhere[K, V]) Receive(K, V, *graph.Meta) error { return nil }

// commits freezes and applies what a store has done.
type commits struct {
	b    testing.TB
	base state.Store
	view graph.TaskStore
	seq  uint64
}

func (c *commits) commit() {
	var batch state.Batch
	c.seq++
	if err := c.view.Freeze(c.seq, &batch); err != nil {
		c.b.Fatal(err)
	}
	if err := c.base.Apply(&batch, state.Position{}); err != nil {
		c.b.Fatal(err)
	}
	c.view.Applied(c.seq)
	c.view.Evict(8 << 20)
}

// benchStore is a store in memory or on disk.
func benchStore(b *testing.B, backend state.Backend) state.Store {
	db, err := backend.Open(b.Context(), state.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	base, err := db.Store(state.ID{Name: "held"})
	if err != nil {
		b.Fatal(err)
	}
	return base
}

// What a record costs must not grow with the ids that are remembered: a new id
// per millisecond, remembered for as many of them.
func BenchmarkDeduplicate(b *testing.B) {
	for _, live := range []int64{1_000, 100_000} {
		for name, backend := range map[string]func() state.Backend{
			"memory": state.Memory, "disk": func() state.Backend { return lsm.Dir(b.TempDir()) },
		} {
			b.Run(fmt.Sprintf("%s/ids=%d", name, live), func(b *testing.B) {
				base := benchStore(b, backend())
				span := time.Duration(live) * time.Millisecond
				seen := store.NewWindow(base, serde.Int64, serde.Serde[seen](seenSerde{}), store.Options{Name: "seen", End: Tumbling(span).End, Retention: 3 * span})
				var late, duplicate uint64
				r := &first[int64, int64, int64]{
					deduplicate: deduplicate[int64, int64, int64]{
						node: &graph.Node{}, id: func(_, v int64) int64 { return v }, span: live, clock: graph.ClockOf(&forgetful{streamTime: -1}, &graph.Node{}),
						out: nowhere[int64, int64]{}, lates: lates[int64, int64]{late: &late, out: nowhere[int64, Late[int64]]{}}, duplicate: &duplicate,
					},
					seen: seen,
				}
				c := &commits{b: b, base: base, view: seen}
				run := func(from, n int64) {
					for i := from; i < from+n; i++ {
						seen.Mark()
						if err := r.Receive(0, i-i%2, &graph.Meta{Time: i, HasKey: true, HasValue: true}); err != nil {
							b.Fatal(err)
						}
						if i%1000 == 0 {
							c.commit()
						}
					}
				}
				run(0, 4*live)
				b.ResetTimer()
				run(4*live, int64(b.N))
			})
		}
	}
}
