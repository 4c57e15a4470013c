package topology

import "github.com/millrace-io/millrace/processor"

// TransformTable is MapTable with a function that knows the key, is also asked
// where there is no row, and may make none: a Maybe that is not OK. It takes
// the options of MapTable.
//
// Of keys that were never in t it is asked when they are looked up, unless the
// result is Stored.
func TransformTable[K, V, VO any](t KTable[K, V], fn func(key K, row processor.Maybe[V]) processor.Maybe[VO], opts ...Option) KTable[K, VO] {
	const op = "transform-table"
	return derivation[K, V, VO]{
		op: op, options: deriveOptions(t.h.Builder, op, opts), callback: fn,
		row: func(key K, row V, has bool) (VO, bool) {
			made := fn(key, processor.Maybe[V]{Value: row, OK: has})
			if !made.OK {
				return *new(VO), false
			}
			return made.Value, true
		},
	}.table(t.h)
}
