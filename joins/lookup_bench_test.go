package joins

import (
	"testing"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

type nowhere[K, V any] struct{}

func (nowhere[K, V]) Receive(K, V, *graph.Meta) error { return nil }

// keptRows are rows in a store, as a table's View shows them.
type keptRows struct {
	store *store.KeyValue[int64, int64]
}

func (r keptRows) Get(key int64) (int64, int64, bool, error) { return r.store.GetWithTime(key) }

// lookups are joins of numbers with 1,000 rows in memory, by name.
func lookups(tb testing.TB) map[string]graph.Receiver[int64, int64] {
	db, err := state.Memory().Open(tb.Context(), state.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	base, err := db.Store(state.ID{Name: "rows"})
	if err != nil {
		tb.Fatal(err)
	}
	rows := store.NewKeyValue(base, serde.Int64, serde.Int64, store.Options{Name: "rows", Format: state.Timestamped})
	given := map[int64]int64{}
	for key := range int64(1000) {
		given[key] = key
		if err := rows.PutWithTime(key, key, key); err != nil {
			tb.Fatal(err)
		}
	}
	var counts [2]uint64
	drops := dropped{&counts[0], &counts[1]}
	sum := func(_, l int64, r processor.Maybe[int64]) int64 { return l + r.Value }
	return map[string]graph.Receiver[int64, int64]{
		"table": &streamTable[int64, int64, int64, int64]{rows: keptRows{rows}, joiner: sum, inner: true, out: nowhere[int64, int64]{}, dropped: drops},
		"static": &streamGlobal[int64, int64, int64, int64, int64]{rows: staticRows[int64, int64]{StaticMap(given)}, joiner: sum, inner: true,
			keyOf: func(key, _ int64) (int64, bool) { return key, true }, out: nowhere[int64, int64]{}, dropped: drops},
	}
}

// A record that is joined costs no memory beside what its result takes.
func TestLookupsDoNotAllocate(t *testing.T) {
	for name, r := range lookups(t) {
		m := &graph.Meta{HasKey: true, HasValue: true}
		key := int64(0)
		if n := testing.AllocsPerRun(1000, func() {
			key = (key + 1) % 1000
			if err := r.Receive(key, 1, m); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations per record", name, n)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	for name, r := range lookups(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			m := &graph.Meta{HasKey: true, HasValue: true}
			for i := range int64(b.N) {
				if err := r.Receive(i%1000, 1, m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
