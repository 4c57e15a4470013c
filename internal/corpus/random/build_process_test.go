package random

import (
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
)

// countsOf counts the records of each key, and forwards the count under
// another key.
func countsOf[K, V, KO thing](c call, in topology.KStream[K, V]) topology.KStream[KO, int64] {
	store := topology.NewStore[K, int64](c.b, c.name, c.options()...)
	return topology.Process(in, func(ctx processor.Context) *counter[K, V, KO] {
		return &counter[K, V, KO]{store.Open(ctx), result[K, V, KO](c.fn)}
	}, topology.With(store))
}

type counter[K, V, KO thing] struct {
	store state.KeyValue[K, int64]
	key   func(K, V) KO
}

func (p *counter[K, V, KO]) Process(r processor.Record[K, V], out processor.Output[KO, int64]) error {
	if !r.HasKey || !r.HasValue {
		return nil
	}
	n, _, err := p.store.Get(r.Key)
	if err != nil {
		return err
	}
	if err := p.store.Put(r.Key, n+1); err != nil {
		return err
	}
	return out.Forward(processor.NewRecord(p.key(r.Key, r.Value), n+1, r.Time))
}

// changesOf keeps the last value of each key, and forwards those that differ
// from the one before.
func changesOf[K, V thing](c call, in topology.KStream[K, V]) topology.KStream[K, V] {
	store := topology.NewStore[K, V](c.b, c.name, c.options()...)
	return topology.ProcessValues(in, func(ctx processor.Context) *changes[K, V] {
		return &changes[K, V]{store.Open(ctx)}
	}, topology.With(store))
}

type changes[K, V thing] struct {
	store state.KeyValue[K, V]
}

func (p *changes[K, V]) Process(r processor.Record[K, V], out processor.ValueOutput[V]) error {
	if !r.HasKey {
		return nil
	}
	before, had, err := p.store.Get(r.Key)
	switch {
	case err != nil:
		return err
	case !r.HasValue && !had, r.HasValue && had && before == r.Value:
		return nil
	case !r.HasValue:
		if err := p.store.Delete(r.Key); err != nil {
			return err
		}
		return out.ForwardNull()
	}
	if err := p.store.Put(r.Key, r.Value); err != nil {
		return err
	}
	return out.Forward(r.Value)
}
