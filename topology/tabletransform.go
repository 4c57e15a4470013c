package topology

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// TransformTable is MapTable with a function that knows the key, is also asked
// where there is no row, and may make none: a Maybe that is not OK. It takes
// the options of MapTable.
//
// Of keys that were never in t it is asked when they are looked up, unless the
// result is Stored.
//
// By example: internal/corpus/testdata/table-transform.txt.
func TransformTable[K, V, VO any](t KTable[K, V], fn func(key K, row processor.Maybe[V]) processor.Maybe[VO], opts ...Option) KTable[K, VO] {
	return TransformTableErr(t, withError2(fn), opts...)
}

// TransformTableErr is TransformTable with a function that can fail, or make no
// row by returning processor.Null. The error is one of the record that changes
// the row, or that looks it up.
func TransformTableErr[K, V, VO any](t KTable[K, V], fn func(key K, row processor.Maybe[V]) (processor.Maybe[VO], error), opts ...Option) KTable[K, VO] {
	const op = "transform-table"
	return derivation[K, V, VO]{
		op: op, options: graph.DerivedOptions(t.h.Builder, op, opts), callback: fn,
		row: func(key K, row V, has bool) (made VO, _ bool, _ error) {
			result, err := fn(key, processor.Maybe[V]{Value: row, OK: has})
			isNull, err := null(err)
			if isNull || err != nil || !result.OK {
				return made, false, err
			}
			return result.Value, true, nil
		},
	}.table(t.h)
}
