package topology

import "github.com/millrace-io/millrace/internal/graph"

// MapTable is the table of what fn makes of each row; where there is none, fn
// is not called. It takes the options Name and Stored, and with Stored also
// Serdes, KeySerde, ValueSerde, Unlogged and LogConfig.
//
// fn is called again for rows that it has seen, and should return the same. One
// that can fail is for TransformTableErr.
//
// By example: internal/corpus/testdata/table-map.txt.
func MapTable[K, V, VO any](t KTable[K, V], fn func(row V) VO, opts ...Option) KTable[K, VO] {
	const op = "map-table"
	return derivation[K, V, VO]{
		op: op, options: graph.DerivedOptions(t.h.Builder, op, opts), callback: fn,
		row: func(_ K, row V, has bool) (made VO, _ bool, _ error) {
			if !has {
				return made, false, nil
			}
			return fn(row), true, nil
		},
	}.table(t.h)
}
