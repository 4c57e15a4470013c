package streamstest

import (
	"iter"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/state"
)

// KeyValue reads the committed contents of a key-value store over all tasks, or
// of a global table.
type KeyValue[K, V any] struct {
	d    *Driver
	name string
}

// Store makes a reader of a key-value store or a global table, whose keys and
// values must be of K and V. An aggregation's store holds its accumulators.
func Store[K, V any](d *Driver, name string) KeyValue[K, V] {
	d.tb.Helper()
	Views[state.ReadOnly[K, V]](d, name)
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
	for _, view := range Views[state.ReadOnly[K, V]](s.d, s.name) {
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
		for _, view := range Views[state.ReadOnly[K, V]](s.d, s.name) {
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
// uses such a store. Writes to a view go nowhere. Of a global table, which all
// instances have, there is one view.
func Views[T any](d *Driver, name string) (views []T) {
	d.tb.Helper()
	add := func(view any, key, value string) {
		d.tb.Helper()
		v, ok := view.(T)
		if !ok {
			d.tb.Fatalf("streamstest: store %s is of %s, %s and no %s", name, key, value, graph.TypeName[T]())
		}
		views = append(views, v)
	}
	if spec := d.graph.Stores[name]; spec != nil {
		for _, r := range d.tasks() {
			if base := r.stores[name]; base != nil {
				add(spec.New(base), spec.Key, spec.Value)
			}
		}
		return views
	}
	for _, inst := range d.instances {
		for _, g := range inst.globals {
			if g.spec.Name == name {
				add(g.spec.View(g.store), g.spec.Key, g.spec.Value)
				return views
			}
		}
	}
	for _, sub := range d.graph.Subtopologies {
		for _, n := range sub.Nodes {
			if n.Name == name {
				d.tb.Fatalf("streamstest: %s %q has no store of its own: if it is a table, the option Stored gives it one", n.Op, name)
			}
		}
	}
	d.tb.Fatalf("streamstest: the topology has no store %q", name)
	return nil
}
