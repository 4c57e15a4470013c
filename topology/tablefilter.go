package topology

import "github.com/millrace-io/millrace/internal/graph"

// Filter is the table of the rows for which keep returns true. What goes on is
// what changes in it: a row that no longer passes is deleted, one that never
// passed leaves no trace. It takes the options Name and Stored, and with Stored
// also Serdes, KeySerde, ValueSerde, Unlogged and LogConfig.
//
// keep is asked again about rows that it has seen, and should answer the same.
//
// By example: internal/corpus/testdata/table-filter.txt.
func (t KTable[K, V]) Filter(keep func(key K, row V) bool, opts ...Option) KTable[K, V] {
	return filterTable(t, "filter", withError2(keep), true, opts)
}

// FilterErr is Filter with a function that can fail.
func (t KTable[K, V]) FilterErr(keep func(key K, row V) (bool, error), opts ...Option) KTable[K, V] {
	return filterTable(t, "filter", keep, true, opts)
}

// FilterNot is Filter with the rows for which drop returns false.
//
// By example: internal/corpus/testdata/table-filter.txt.
func (t KTable[K, V]) FilterNot(drop func(key K, row V) bool, opts ...Option) KTable[K, V] {
	return t.FilterNotErr(withError2(drop), opts...)
}

// FilterNotErr is FilterNot with a function that can fail.
func (t KTable[K, V]) FilterNotErr(drop func(key K, row V) (bool, error), opts ...Option) KTable[K, V] {
	return filterTable(t, "filter-not", drop, false, opts)
}

// filterTable is the table of the rows for which passes returns want.
func filterTable[K, V any](t KTable[K, V], op string, passes func(K, V) (bool, error), want bool, opts []Option) KTable[K, V] {
	return derivation[K, V, V]{
		op: op, options: graph.DerivedOptions(t.h.Builder, op, opts), callback: passes, quiet: true, serdes: t.h.ValueSerde,
		row: func(key K, row V, has bool) (V, bool, error) {
			if !has {
				return row, false, nil
			}
			if is, err := passes(key, row); is != want || err != nil {
				return *new(V), false, err
			}
			return row, true, nil
		},
	}.table(t.h)
}
