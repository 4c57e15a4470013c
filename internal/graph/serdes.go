package graph

import (
	"fmt"
	"reflect"

	"github.com/millrace-io/millrace/serde"
)

// Register makes s the serde of every T that is given none.
func Register[T any](b *Builder, s serde.Serde[T]) {
	line, t := Caller(), reflect.TypeFor[T]()
	switch {
	case isNil(s):
		b.Errorf(line, "the serde registered for %s is nil", TypeName[T]())
	case b.serdes[t] != nil:
		b.Errorf(line, "a serde for %s is registered already", TypeName[T]())
	default:
		b.serdes[t] = s
	}
}

// KeySerde finds the serde of an operator's keys; see SerdeFor.
func KeySerde[T any](n *Node, h Handle, o *Options) serde.Serde[T] {
	return SerdeFor[T](h.Builder, n, "key", o.KeySerde, o.KeyType, h.KeySerde)
}

// ValueSerde finds the serde of an operator's values; see SerdeFor.
func ValueSerde[T any](n *Node, h Handle, o *Options) serde.Serde[T] {
	return SerdeFor[T](h.Builder, n, "value", o.ValueSerde, o.ValueType, h.ValueSerde)
}

// SerdeFor finds the serde of the keys or values of node n, as what says. In
// this order: the one given as option, the one that the handle before n knows,
// the one registered for exactly T, a built-in one, one that T derives. If
// there is none it notes an error and returns nil.
func SerdeFor[T any](b *Builder, n *Node, what string, option any, optionType string, known any) serde.Serde[T] {
	if option != nil {
		s, ok := option.(serde.Serde[T])
		if !ok {
			b.Errorf(n.Line, "%s: the %ss are %s and the serde given for them is of %s", n.Op, what, TypeName[T](), optionType)
		}
		return s
	}
	if s, ok := known.(serde.Serde[T]); ok {
		return s
	}
	found, err := b.findSerde(reflect.TypeFor[T]())
	if err != nil {
		b.Errorf(n.Line, "%s: %s: %w", n.Op, what, err)
		return nil
	}
	s, ok := found.(serde.Serde[T])
	if !ok {
		b.Errorf(n.Line, "%s: %s: %T is no serde of %s", n.Op, what, found, TypeName[T]())
	}
	return s
}

// AccumulatorSerde finds the serde of the accumulators of an aggregation over
// values of V: the one given, or else the one that the aggregation makes of that
// of its values.
func AccumulatorSerde[V, A any](n *Node, in Handle, o *Options, ofValues func(v serde.Serde[V], find func(reflect.Type) (any, bool)) (serde.Serde[A], error)) serde.Serde[A] {
	if o.ValueSerde != nil {
		return ValueSerde[A](n, in, o)
	}
	values, ok := in.ValueSerde.(serde.Serde[V])
	if !ok {
		found, _ := in.Builder.Find(reflect.TypeFor[V]())
		values, _ = found.(serde.Serde[V])
	}
	s, err := ofValues(values, in.Builder.Find)
	if err != nil {
		in.Builder.Errorf(n.Line, "%s: %w", n.Op, err)
	}
	return s
}

// RowSerde is the serde of an accumulator if that is shown as it is, as rows of
// R, else nil.
func RowSerde[R, A any](s serde.Serde[A]) any {
	if rows, ok := any(s).(serde.Serde[R]); ok {
		return rows
	}
	return nil
}

// Find returns the serde of t: registered, built in or derived.
func (b *Builder) Find(t reflect.Type) (any, bool) {
	s, err := b.findSerde(t)
	return s, err == nil
}

func (b *Builder) findSerde(t reflect.Type) (any, error) {
	if s, ok := b.serdes[t]; ok {
		return s, nil
	}
	if s, ok := serde.BuiltinOf(t); ok {
		return s, nil
	}
	if t.Kind() != reflect.Interface {
		if d, ok := reflect.Zero(t).Interface().(serde.Deriver); ok {
			return d.DeriveSerde(b.Find)
		}
	}
	name := shortName(t.String())
	return nil, fmt.Errorf("no serde for %s: register one before with topology.Register(b, serde.JSON[%s]()), or give it as an option", name, name)
}

// OfTopic is s as it is for one topic, if it wants to know.
func OfTopic[T any](s serde.Serde[T], topic string, role serde.Role) (serde.Serde[T], error) {
	if f, ok := s.(serde.ForTopic[T]); ok {
		return f.ForTopic(topic, role)
	}
	return s, nil
}

// ForTopic is OfTopic for a serde of node n; a failure is noted.
func ForTopic[T any](b *Builder, n *Node, s serde.Serde[T], topic string, role serde.Role) serde.Serde[T] {
	bound, err := OfTopic(s, topic, role)
	if err != nil {
		b.Errorf(n.Line, "%s: topic %s: %w", n.Op, topic, err)
		return s
	}
	return bound
}

// SerdeNames are the serdes of keys and values, for descriptions.
func SerdeNames[K, V any](ks serde.Serde[K], vs serde.Serde[V]) string {
	return "serdes " + serde.NameOf(ks) + ", " + serde.NameOf(vs)
}

// IsNull tells which values s takes as nulls: it is nil unless T has a null of
// its own, as processor.Maybe has. That null is T's zero value.
func IsNull[T any](s serde.Serde[T]) func(T) bool {
	if n, ok := s.(interface{ IsNull(T) bool }); ok {
		return n.IsNull
	}
	return nil
}
