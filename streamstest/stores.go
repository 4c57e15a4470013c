package streamstest

import (
	"iter"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/state"
)

// KeyValue reads the committed contents of a key-value store, over all tasks.
type KeyValue[K, V any] struct {
	d    *Driver
	name string
}

// Store makes a reader of a key-value store, whose keys and values must be of
// K and V. An aggregation's store holds its accumulators.
func Store[K, V any](d *Driver, name string) KeyValue[K, V] {
	d.tb.Helper()
	Views[state.KeyValue[K, V]](d, name)
	return KeyValue[K, V]{d, name}
}

// Get returns the value of key; ok is false if there is none.
func (s KeyValue[K, V]) Get(key K) (v V, ok bool) {
	s.d.tb.Helper()
	v, _, ok = s.GetWithTime(key)
	return v, ok
}

// GetWithTime also returns the event time of the write, in milliseconds.
func (s KeyValue[K, V]) GetWithTime(key K) (v V, timeMs int64, ok bool) {
	s.d.tb.Helper()
	for _, view := range Views[state.KeyValue[K, V]](s.d, s.name) {
		v, timeMs, ok, err := view.GetWithTime(key)
		if err != nil {
			s.d.tb.Fatalf("streamstest: %v", err)
		}
		if ok {
			return v, timeMs, true
		}
	}
	return v, 0, false
}

// All yields every entry, by partition and then in the order of the encoded
// keys.
func (s KeyValue[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		s.d.tb.Helper()
		for _, view := range Views[state.KeyValue[K, V]](s.d, s.name) {
			for k, v := range view.All() {
				if !yield(k, v) {
					return
				}
			}
			if err := view.ScanErr(); err != nil {
				s.d.tb.Fatalf("streamstest: %v", err)
			}
		}
	}
}

// Len is the number of entries.
func (s KeyValue[K, V]) Len() (n int) {
	s.d.tb.Helper()
	for range s.All() {
		n++
	}
	return n
}

// Views returns the committed contents of a store of any kind, one for each
// task that has it, by partition: T is the interface with which a Processor
// uses such a store. Writes to a view go nowhere.
func Views[T any](d *Driver, name string) []T {
	d.tb.Helper()
	spec := d.graph.Stores[name]
	if spec == nil {
		d.tb.Fatalf("streamstest: the topology has no store %q", name)
	}
	var views []T
	for _, r := range d.tasks() {
		base := r.stores[name]
		if base == nil {
			continue
		}
		view, ok := any(spec.New(base)).(T)
		if !ok {
			d.tb.Fatalf("streamstest: store %s is of %s, %s and no %s", name, spec.Key, spec.Value, graph.TypeName[T]())
		}
		views = append(views, view)
	}
	return views
}
