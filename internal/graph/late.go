package graph

import (
	"reflect"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
)

// Late is windowing.Late: a record that came too late, and how late.
type Late interface {
	serde.Deriver
	// Headers are those of the record and what tells of its lateness.
	Headers(of []processor.Header) []processor.Header
}

// LateHandle is the handle of the records that were too late for node n and leave
// it by a port, as an L with values of V. in is the handle of the records.
func LateHandle[V any, L Late](in Handle, n *Node, port int) Handle {
	h := in.NewValue(n, nil)
	h.Port = port
	if vs, ok := in.ValueSerde.(serde.Serde[V]); ok {
		var l L
		h.ValueSerde, _ = l.DeriveSerde(func(reflect.Type) (any, bool) { return vs, true })
	}
	return h
}

// LateRecords adds the node that gives late records their headers, and returns
// its handle. It is a node of its own, so that nobody pays for them who does not
// read them. It takes the option Name.
func LateRecords[K any, L Late, O ~func(*Options)](in Handle, opts []O) Handle {
	b := in.Builder
	n := b.Operator("late", in, OptionsOf(b, "late", opts, OptName))
	n.Out = []Port{NewPort[K, L]()}
	n.New = func(_ Task, outs []any) ([]any, error) {
		return []any{&lateRecords[K, L]{out: outs[0].(Receiver[K, L])}}, nil
	}
	return in.At(n)
}

type lateRecords[K any, L Late] struct {
	out Receiver[K, L]
	m   Meta
}

func (r *lateRecords[K, L]) Receive(key K, l L, m *Meta) error {
	r.m = *m
	r.m.Headers = l.Headers(m.Headers)
	return r.out.Receive(key, l, &r.m)
}
