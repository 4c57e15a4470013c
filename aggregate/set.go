package aggregate

import (
	"encoding/binary"
	"math"
	"reflect"
	"slices"

	"github.com/millrace-io/millrace/serde"
)

// Set is the accumulator of Distinct and CollectSet: the values in the order in
// which they came, and how often each one is there, so that it stays until the
// last one is removed. As in a List, nobody ever changes what it holds.
//
// There is no map: to look through a slice takes no longer than to copy a map
// before a change, and gives the values an order.
type Set[T comparable] struct {
	values []T
	counts []int64 // of the value at the same index, 1 or more
}

// index is where s has v, -1 if it has not. All NaNs are one value.
func (s Set[T]) index(v T) int {
	if isNaN(v) {
		return slices.IndexFunc(s.values, isNaN)
	}
	return slices.Index(s.values, v)
}

// isNaN is for a T of any type: a struct that holds a NaN is none.
func isNaN[T any](v T) bool {
	if again := any(v); again == any(v) {
		return false
	}
	kind := reflect.TypeFor[T]().Kind()
	return kind == reflect.Float32 || kind == reflect.Float64
}

// add is s with v in it once more, but s and false if it is full: if v would be
// the first value beyond limit.
func (s Set[T]) add(v T, limit int) (_ Set[T], ok bool) {
	i := s.index(v)
	if i < 0 {
		if len(s.values) >= limit {
			return s, false
		}
		return Set[T]{
			values: slices.Concat(s.values, []T{v}),
			counts: slices.Concat(s.counts, []int64{1}),
		}, true
	}
	counts := slices.Clone(s.counts)
	counts[i]++
	return Set[T]{s.values, counts}, true
}

// merge is s with all of later in it, but s and false if that is too much.
func (s Set[T]) merge(later Set[T], limit int) (_ Set[T], ok bool) {
	if len(s.values) == 0 {
		return later, true
	}
	values, counts := slices.Clip(s.values), slices.Clone(s.counts)
	for i, v := range later.values {
		if at := s.index(v); at >= 0 {
			counts[at] += later.counts[i]
			continue
		}
		if len(values) >= limit {
			return s, false
		}
		values, counts = append(values, v), append(counts, later.counts[i])
	}
	return Set[T]{values, counts}, true
}

// remove is s with v in it once less. What is not there cannot be removed.
func (s Set[T]) remove(v T) Set[T] {
	i := s.index(v)
	switch {
	case i < 0:
		return s
	case s.counts[i] > 1:
		counts := slices.Clone(s.counts)
		counts[i]--
		return Set[T]{s.values, counts}
	}
	return Set[T]{
		values: slices.Concat(s.values[:i], s.values[i+1:]),
		counts: slices.Concat(s.counts[:i], s.counts[i+1:]),
	}
}

// setSerde writes the version and, for each value, how often it is there, its
// length and its bytes.
type setSerde[T comparable] struct{ value serde.Serde[T] }

// newSetSerde makes a serde.Cloner where newListSerde does.
func newSetSerde[T comparable](value serde.Serde[T]) serde.Serde[Set[T]] {
	s := setSerde[T]{value}
	if !plain(reflect.TypeFor[T]()) {
		return s
	}
	return setCloner[T]{s}
}

func (s setSerde[T]) Append(dst []byte, set Set[T]) ([]byte, error) {
	out := append(dst, version)
	for i, v := range set.values {
		var err error
		out = binary.AppendUvarint(out, uint64(set.counts[i]))
		if out, err = appendPart(out, s.value, v); err != nil {
			return dst, err
		}
	}
	return out, nil
}

func (s setSerde[T]) Decode(b []byte) (Set[T], error) {
	rest, err := unversioned[Set[T]](b)
	if err != nil {
		return Set[T]{}, err
	}
	var set Set[T]
	for len(rest) > 0 {
		count, size := binary.Uvarint(rest)
		if size <= 0 || count == 0 || count > math.MaxInt64 {
			return Set[T]{}, refuse[Set[T]](b, "want how often a value is there")
		}
		part, after, ok := cutPart(rest[size:])
		if !ok {
			return Set[T]{}, refuse[Set[T]](b, "a value is cut off")
		}
		v, err := s.value.Decode(part)
		if err != nil {
			return Set[T]{}, err
		}
		set.values, set.counts = append(set.values, v), append(set.counts, int64(count))
		rest = after
	}
	return set, nil
}

func (s setSerde[T]) SerdeName() string { return "set of " + serde.NameOf(s.value) }

type setCloner[T comparable] struct{ setSerde[T] }

// Clone shares the memory of set, see Set.
func (setCloner[T]) Clone(set Set[T]) Set[T] { return set }
