package graph

import (
	"fmt"
	"reflect"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// Global is a global table: a topic of which every instance keeps a full copy,
// whatever tasks it has. It is no part of any subtopology and has no changelog:
// the topic is its own.
type Global struct {
	Name string
	Line string
	// Source has the one topic and the decode policy. Its Head delivers to a
	// Receiver that the Global knows; make it with NewHead.
	Source     *Source
	Key, Value string // type names, for descriptions
	Types      []reflect.Type
	Detail     string // what else describes the table
	// NewHead makes the decoder of one partition. What it delivers shows in row.
	NewHead func(row *GlobalRow) Head
	// View is a state.ReadOnly of the content, for those who know its types.
	View func(content state.Store) any
}

// Topic is the name of the topic.
func (g *Global) Topic() string { return g.Source.Topics[0] }

// GlobalRow is a record of a global table's topic as its Head delivered it last.
type GlobalRow struct {
	// Key is encoded as look-ups encode theirs. Valid until the next delivery.
	Key    []byte
	HasKey bool
}

// GlobalHandle is what the handle of a global table is made of.
type GlobalHandle[K, V any] struct {
	Builder *Builder
	Global  *Global
	// The serdes know the topic.
	KeySerde   serde.Serde[K]
	ValueSerde serde.Serde[V]
	// Open makes a view of the content, which a node that names the table in
	// Node.Globals gets from Task.Global. Each node needs a view of its own,
	// which has memory to work in.
	Open func(content state.Store) state.ReadOnly[K, V]
	// Rows is the View of a table that is no Global but given in code; then
	// nothing else is set.
	Rows View[K, V]
}

// View is how a join looks rows up. Its node names the table in Node.Globals.
func (h GlobalHandle[K, V]) View() View[K, V] {
	if h.Rows.Open != nil {
		return h.Rows
	}
	return View[K, V]{Open: func(t Task) (Getter[K, V], error) {
		content := t.Global(h.Global.Name)
		if content == nil {
			return nil, fmt.Errorf("task %s does not read global table %s", t.ID(), h.Global.Name)
		}
		return globalRows[K, V]{h.Open(content)}, nil
	}}
}

type globalRows[K, V any] struct{ state.ReadOnly[K, V] }

func (r globalRows[K, V]) Get(key K) (V, int64, bool, error) { return r.GetWithTime(key) }

// AddGlobal adds a global table. Its name must be new among those of stores
// too: both name what the instance keeps.
func (b *Builder) AddGlobal(g *Global) {
	if err := checkName("global table", g.Name); err != nil {
		b.Errorf(g.Line, "%w", err)
	} else if other := b.holder(g.Name); other != "" {
		b.taken(g.Line, g.Name, other)
	} else {
		b.globals = append(b.globals, g)
	}
}

// holder is the place where the store or global table of a name was made, ""
// if there is none.
func (b *Builder) holder(name string) string {
	if s := b.stores[name]; s != nil {
		return s.Line
	}
	for _, g := range b.globals {
		if g.Name == name {
			return g.Line
		}
	}
	return ""
}

// Global returns the global table of a name, nil if there is none.
func (g *Graph) Global(name string) *Global { return globalNamed(g.Globals, name) }

func globalNamed(globals []*Global, name string) *Global {
	for _, t := range globals {
		if t.Name == name {
			return t
		}
	}
	return nil
}

// checkGlobals refuses illegal topics, and global tables that are used and not
// made. Their topics may be read as streams, and written, in the same topology:
// no offset is committed for a global table and no task waits for what it
// writes. One that no node uses is there for queries.
func checkGlobals(nodes []*Node, globals []*Global) (errs []error) {
	for _, g := range globals {
		if err := checkTopic(g.Topic()); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", g.Line, err))
		}
	}
	for _, n := range nodes {
		for _, name := range n.Globals {
			if globalNamed(globals, name) == nil {
				errs = append(errs, fmt.Errorf("%s: %s uses global table %q, which this topology does not have", n.Line, n.Name, name))
			}
		}
	}
	return errs
}
