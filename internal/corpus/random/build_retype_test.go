package random

import (
	"errors"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
)

// retyper calls operators that make records of KO and VO of those of K and V.
type retyper[K, V thing] interface {
	onStream(c call, in topology.KStream[K, V]) any
	onTable(c call, in topology.KTable[K, V]) any
}

func retypes[K, V thing](key, value kind) retyper[K, V] {
	switch {
	case key == text && value == text:
		return retype[K, V, string, string]{}
	case key == text:
		return retype[K, V, string, int64]{}
	case value == text:
		return retype[K, V, int64, string]{}
	}
	return retype[K, V, int64, int64]{}
}

type retype[K, V, KO, VO thing] struct{}

var errRefused = errors.New("a value that is refused")

func (r retype[K, V, KO, VO]) onStream(c call, in topology.KStream[K, V]) any {
	key, value := result[K, V, KO](c.fn), result[K, V, VO](c.fn)
	switch c.op {
	case "map-values":
		return topology.MapValues(in, func(v V) VO { return value(*new(K), v) })
	case "map-values-err":
		return topology.MapValuesErr(in, func(v V) (VO, error) {
			switch c.fn2.rest(nil, v) {
			case 1:
				return *new(VO), processor.Null
			case 2:
				return *new(VO), errRefused
			}
			return value(*new(K), v), nil
		})
	case "map":
		value := result[K, V, VO](c.fn2)
		return topology.Map(in, func(k K, v V) (KO, VO) { return key(k, v), value(k, v) })
	case "select-key":
		if c.fn2.of == "" {
			return topology.SelectKey(in, key)
		}
		return topology.SelectKeyErr(in, func(k K, v V) (KO, error) {
			if c.fn2.holds(k, v) {
				return *new(KO), processor.Null
			}
			return key(k, v), nil
		})
	case "flat-map":
		return topology.FlatMap(in, func(k K, v V) (pairs []topology.Pair[KO, VO]) {
			for _, made := range c.fn2.copies(kindOf[VO](), k, v) {
				pairs = append(pairs, topology.Pair[KO, VO]{Key: c.fn.to(kindOf[KO](), k, made).(KO), Value: made.(VO)})
			}
			return pairs
		})
	case "flat-map-values":
		return topology.FlatMapValues(in, func(v V) (values []VO) {
			for _, made := range c.fn.copies(kindOf[VO](), nil, v) {
				values = append(values, made.(VO))
			}
			return values
		})
	case "group-by":
		return topology.GroupBy(in, key, append(c.options(), marked[KO, V](c)...)...)
	case "process":
		return countsOf[K, V, KO](c, in)
	}
	panic(c.op)
}

func (r retype[K, V, KO, VO]) onTable(c call, in topology.KTable[K, V]) any {
	key, value := result[K, V, KO](c.fn), result[K, V, VO](c.fn)
	switch c.op {
	case "map-table":
		return topology.MapTable(in, func(v V) VO { return value(*new(K), v) }, c.options()...)
	case "transform-table":
		return topology.TransformTable(in, func(k K, row processor.Maybe[V]) processor.Maybe[VO] {
			var from any
			if row.OK {
				from = row.Value
			}
			if made := c.transform(k, from); made != nil {
				return processor.Some(made.(VO))
			}
			return processor.Maybe[VO]{}
		}, c.options()...)
	case "group-table":
		value := result[K, V, VO](c.fn2)
		return topology.GroupTable(in, func(k K, v V) topology.Pair[KO, VO] {
			return topology.Pair[KO, VO]{Key: key(k, v), Value: value(k, v)}
		}, c.options()...)
	}
	panic(c.op)
}

// result is the typed form of a function.
func result[K, V, T thing](f fn) func(K, V) T {
	return func(k K, v V) T { return f.to(kindOf[T](), k, v).(T) }
}
