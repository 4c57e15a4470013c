package joins

import (
	"errors"
	"fmt"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
)

// foreignHead decodes the records of a topic of a foreign-key join. Those
// without a key are for it, too: left rows without a foreign key send them.
type foreignHead[K, V any] struct {
	ks  serde.Serde[K]
	vs  serde.Serde[V]
	out graph.Receiver[K, V]

	key              K
	value            V
	hasKey, hasValue bool
}

// newForeignHead is Source.New.
func newForeignHead[K, V any](ks serde.Serde[K], vs serde.Serde[V]) func(graph.Task, string, []any) (graph.Head, error) {
	return func(_ graph.Task, _ string, outs []any) (graph.Head, error) {
		return &foreignHead[K, V]{ks: ks, vs: vs, out: outs[0].(graph.Receiver[K, V])}, nil
	}
}

// Load implements graph.Head.
func (r *foreignHead[K, V]) Load(in *graph.Input, _ int64) (int64, error) {
	return r.load(in, in.Value)
}

// LoadNull implements graph.Head.
func (r *foreignHead[K, V]) LoadNull(in *graph.Input, _ int64) (int64, error) {
	return r.load(in, nil)
}

var errForeignTime = errors.New("the record has no timestamp that a foreign-key join has written")

func (r *foreignHead[K, V]) load(in *graph.Input, value []byte) (_ int64, err error) {
	if r.hasKey = in.Key != nil; !r.hasKey {
		r.key = *new(K)
	} else if r.key, err = r.ks.Decode(in.Key); err != nil {
		return 0, fmt.Errorf("key: %w", err)
	}
	if r.hasValue = value != nil; !r.hasValue {
		r.value = *new(V)
	} else if r.value, err = r.vs.Decode(value); err != nil {
		return 0, fmt.Errorf("value: %w", err)
	}
	if in.Time < 0 || in.Time > graph.MaxTime {
		return 0, errForeignTime
	}
	return in.Time, nil
}

// Deliver implements graph.Head.
func (r *foreignHead[K, V]) Deliver(m *graph.Meta) error {
	m.HasKey, m.HasValue = r.hasKey, r.hasValue
	return r.out.Receive(r.key, r.value, m)
}
