package windowing

import (
	"fmt"
	"testing"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/state/lsm"
)

// What an update costs must not grow with the rows that wait: each key gets one
// per round, and passes a round after its first.
func BenchmarkSuppress(b *testing.B) {
	for _, live := range []int64{1_000, 100_000} {
		for name, backend := range map[string]func() state.Backend{
			"memory": state.Memory, "disk": func() state.Backend { return lsm.Dir(b.TempDir()) },
		} {
			b.Run(fmt.Sprintf("%s/rows=%d", name, live), func(b *testing.B) {
				base := benchStore(b, backend())
				buffer := store.NewBuffer(base, serde.Int64, serde.Serde[held[int64]](heldSerde[int64]{serde.Int64}), store.Options{Name: "held"})
				r := &suppress[int64, int64]{
					node: &graph.Node{}, Until: UntilLimit(1), wait: live, place: func(_ int64, m *graph.Meta) int64 { return m.Time },
					buffer: buffer, clock: graph.ClockOf(&forgetful{streamTime: -1}, &graph.Node{}), out: nowhere[int64, graph.Change[int64]]{},
				}
				c := &commits{b: b, base: base, view: buffer}
				run := func(from, n int64) {
					for i := from; i < from+n; i++ {
						buffer.Mark()
						if err := r.Receive(i%live, graph.Change[int64]{New: i, HasNew: true}, &graph.Meta{Time: i, HasKey: true, HasValue: true}); err != nil {
							b.Fatal(err)
						}
						if i%1000 == 0 {
							c.commit()
						}
					}
				}
				run(0, 2*live)
				b.ResetTimer()
				run(2*live, int64(b.N))
			})
		}
	}
}
