package joins

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/topology"
)

// Enrich joins each record of a stream with the rows that several tables have of
// its key, in one operator:
//
//	bills := joins.Enrich(orders, "bills", func(_ string, o Order) Bill { return Bill{Items: o.Items} },
//		joins.Required(users, func(b *Bill, u User) { b.Name = u.Name }),
//		joins.Optional(rebates, func(b *Bill, r Rebate) { b.Off = r.Percent }))
//
// A result begins as what start makes of the record, and the parts set in it what
// they have, in their order. A record for which a required part has no row is
// dropped. All else is as with InnerTable, which see: only the stream triggers,
// versioned tables are looked up as of its record's time, and results have that
// time and the record's headers. Records with a null key or value are dropped and
// counted.
//
// Where keys may have changed, the stream goes through the repartition topic
// <application>-<name>-repartition first: one, however many tables there are.
//
// By example: internal/corpus/testdata/enrich.txt.
func Enrich[K, V, R any](s topology.Streamer[K, V], name string, start func(key K, value V) R, first Part[K, R], more ...Part[K, R]) topology.KStream[K, R] {
	parts := append([]part[K, R]{first.of}, partsOf(more)...)
	in := together(s, name, first.of.graph().KeySerde)
	b := in.Builder
	n := b.Operator("enrich", in, &graph.Options{Name: name})
	b.Callback(n, start)
	n.CoPartition = true
	n.Out = []graph.Port{graph.NewPort[K, R]()}
	for _, p := range parts {
		connect(b, n, p)
	}
	n.New = func(t graph.Task, outs []any) ([]any, error) {
		sides, err := openSides(t, parts, true)
		if err != nil {
			return nil, err
		}
		ins := []any{&enrich[K, V, R]{node: n, start: start, sides: sides, out: outs[0].(graph.Receiver[K, R]), dropped: newDropped(t, n)}}
		for _, p := range parts {
			ins = append(ins, p.ignored())
		}
		return ins, nil
	}
	return topology.StreamOf[K, R](in.NewValue(n, nil))
}

// enrich joins the records of a stream with rows that it looks up.
type enrich[K, V, R any] struct {
	node  *graph.Node
	start func(K, V) R
	sides []side[K, R]
	made  R // here, and not in Receive, so that no record costs an allocation
	out   graph.Receiver[K, R]
	dropped
}

func (r *enrich[K, V, R]) Receive(key K, value V, m *graph.Meta) error {
	switch {
	case !m.HasKey:
		*r.nullKey++
		return nil
	case !m.HasValue:
		*r.nullValue++
		return nil
	}
	for _, s := range r.sides {
		if err := s.look(key, m.Time); err != nil {
			return graph.At(r.node, err)
		}
		if s.needed() && !s.has(since) {
			return nil
		}
	}
	r.made = r.start(key, value)
	for _, s := range r.sides {
		s.set(&r.made, since)
	}
	return r.out.Receive(key, r.made, m)
}
