package topology

import (
	"fmt"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// GlobalKTable is a table of which every instance of the application has a
// full copy. The zero value is of no use.
type GlobalKTable[K, V any] struct {
	h graph.GlobalHandle[K, V]
}

// GlobalTable keeps a copy of all partitions of a topic in each instance, for
// look-ups by any key. A record is the new state of the row with its key, and
// a null value deletes the row; records with a null key are dropped and
// counted. It takes the options Serdes, KeySerde, ValueSerde, Timestamps and
// OnDecodeError; Timestamps may be TimeField, too.
//
// Tasks that read the table wait until it holds all that the topic held when
// the instance started, and so does readiness; others do not. From then on rows
// change as soon as their records are committed, without regard to the event
// time of the records that look them up. A state folder keeps the table over
// restarts. A topology may read the topic as a stream too, and write it.
//
// A record that cannot be decoded is treated as OnDecodeError says, but does not
// go to a dead-letter topic, since each instance would write it there: it is
// skipped, logged and counted instead. A key should always be written to the
// same partition: if it is not, its rows from different ones are applied in any
// order.
//
// By example: internal/corpus/testdata/global-table.txt.
func GlobalTable[K, V any](b *Builder, topic, name string, opts ...Option) GlobalKTable[K, V] {
	o := graph.OptionsOf(b.g, "global-table", opts, graph.OptKeySerde, graph.OptValueSerde, graph.OptTimestamp, graph.OptDecode)
	// The table decodes as a source does, but its node is not part of the graph.
	n := &graph.Node{Name: name, Op: "global-table", Line: graph.Caller()}
	n.Source = &graph.Source{Topics: []string{topic}, Decode: o.Decode}
	if wall, _ := o.Timestamp.(bool); wall {
		b.g.Errorf(n.Line, "global-table: WallClockTime makes no sense here, each instance would have other times")
		o.Timestamp = nil
	}
	addHead[K, V](graph.Handle{Builder: b.g, Node: n}, o, n.Source.Topics)
	newHead := func(rows *globalRows[K, V]) *head[K, V] {
		made, _ := n.Source.New(nil, topic, []any{rows}) // addHead's never fails
		rows.ks = made.(*head[K, V]).ks
		return made.(*head[K, V])
	}
	bound := newHead(&globalRows[K, V]{}) // has the serdes as they are for the topic
	spec := &graph.Global{
		Name: name, Line: n.Line, Source: n.Source, Detail: n.Detail, Key: graph.TypeName[K](), Value: graph.TypeName[V](), Types: graph.TypesOf[K, V](),
		NewHead: func(row *graph.GlobalRow) graph.Head { return newHead(&globalRows[K, V]{row: row}) },
	}
	open := func(content state.Store) state.ReadOnly[K, V] {
		return store.NewReader(content, bound.ks, bound.vs, name)
	}
	spec.View = func(content state.Store) any { return open(content) }
	b.g.AddGlobal(spec)
	return GlobalKTable[K, V]{graph.GlobalHandle[K, V]{
		Builder: b.g, Global: spec, KeySerde: bound.ks, ValueSerde: bound.vs, Open: open,
	}}
}

// Graph is for the packages that add operators; its result is of no use
// outside the module.
func (t GlobalKTable[K, V]) Graph() graph.GlobalHandle[K, V] { return t.h }

// Open returns the table for a Processor that it is attached to with the
// option With. Open panics if it is not, which is reported as an error of the
// task.
func (t GlobalKTable[K, V]) Open(ctx processor.Context) state.ReadOnly[K, V] {
	name := t.h.Global.Name
	c, ok := ctx.(graph.StoreContext)
	if !ok {
		panic(fmt.Errorf("global table %s: %T is no context of a task", name, ctx))
	}
	content, err := c.GlobalStore(name)
	if err != nil {
		panic(err)
	}
	return t.h.Open(content)
}

func (t GlobalKTable[K, V]) attach(o *graph.Options) { o.Globals = append(o.Globals, t.h.Global) }

// globalRows is what the head of a global table delivers to.
type globalRows[K, V any] struct {
	ks  serde.Serde[K]
	row *graph.GlobalRow
}

// Receive encodes the key again: the bytes on the topic need not be those with
// which look-ups ask for it. Values stay as they are.
func (r *globalRows[K, V]) Receive(key K, _ V, m *graph.Meta) (err error) {
	if r.row.HasKey = m.HasKey; !m.HasKey {
		return nil
	}
	r.row.Key, err = r.ks.Append(r.row.Key[:0], key)
	return err
}
