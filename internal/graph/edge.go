package graph

import (
	"math"
	"reflect"

	"github.com/millrace-io/millrace/processor"
)

// Meta is what a record carries beside key and value. It belongs to the task;
// a node that changes it copies it first.
type Meta struct {
	Time             int64 // event time, milliseconds since the Unix epoch
	Headers          []processor.Header
	HasKey, HasValue bool
}

// MaxTime is the highest event time that the Kafka client can write, in April
// 2262: it counts in nanoseconds.
const MaxTime = math.MaxInt64 / 1_000_000

// Receiver is one input port of a node: the typed edge that records travel.
// A null is passed as zero value with HasKey or HasValue false.
type Receiver[K, V any] interface {
	Receive(key K, value V, m *Meta) error
}

// Port is an output port of a Node. It closes over the types of its edge.
type Port struct {
	Key, Value string // type names, for descriptions
	Name       string // of a branch or a child, else ""
	Line       string // where Name was given
	// Types are those of key and value, for descriptions.
	Types []reflect.Type
	// Fan makes one Receiver of those of all nodes behind the port.
	Fan func(ins []any) any
}

// NewPort is a Port of records of K and V.
func NewPort[K, V any]() Port {
	return Port{
		Key:   TypeName[K](),
		Value: edgeName[V](),
		Types: TypesOf[K, V](),
		Fan: func(ins []any) any {
			switch len(ins) {
			case 0:
				return Receiver[K, V](discard[K, V]{})
			case 1:
				return ins[0].(Receiver[K, V])
			}
			f := make(fan[K, V], len(ins))
			for i, in := range ins {
				f[i] = in.(Receiver[K, V])
			}
			return Receiver[K, V](f)
		},
	}
}

type discard[K, V any] struct{}

func (discard[K, V]) Receive(K, V, *Meta) error { return nil }

type fan[K, V any] []Receiver[K, V]

// Receive hands every branch a Meta of its own: a branch that forwards a
// changed one must not be seen by its siblings.
func (f fan[K, V]) Receive(key K, value V, m *Meta) error {
	for _, r := range f {
		if err := r.Receive(key, value, m); err != nil {
			return err
		}
	}
	return nil
}
