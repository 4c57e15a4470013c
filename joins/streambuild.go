package joins

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// pairing is a join of two streams under construction.
type pairing[K, L, R, V any] struct {
	op, name string
	window   Window
	callback any // the user's function, if there is one; it must not be nil
	// pair is the result of two records that match, leftAlone and rightAlone are
	// those of one without a match; nil where there is none.
	pair       func(key K, l L, r R) V
	leftAlone  func(key K, l L) V
	rightAlone func(key K, r R) V
	// once says that a left record is done with when it has a match.
	once bool
	// nearest is the result of a left record and the last of those that match it,
	// in place of pair.
	nearest func(key K, l L, r processor.Maybe[R]) V

	// The rest follows from these.
	arithmetic
	options *graph.Options
	shared  bool // both sides are one stream, and in one store
	ks      serde.Serde[K]
	ls      serde.Serde[L]
	rs      serde.Serde[R]
}

// stream adds the join's node and stores.
func (p pairing[K, L, R, V]) stream(left topology.Streamer[K, L], right topology.Streamer[K, R], opts []topology.Option) Stream[K, L, R, V] {
	l, r := streamHandle(left), streamHandle(right)
	b := l.Builder
	p.arithmetic = p.window.arithmetic()
	p.options = graph.OptionsOf(b, p.op, opts, graph.OptKeySerde, graph.OptValueSerde, graph.OptUnlogged, graph.OptLogConfig, graph.OptCloseIdle)
	self := l.Node == r.Node && l.Port == r.Port
	// With different lateness a record may be late in one role and not in the
	// other: it would be in the store for one of them alone.
	p.shared = self && !p.once && p.nearest == nil && p.lateLeft == p.lateRight

	if l.KeySerde == nil { // its keys have changed: they are written as the others
		l.KeySerde = r.KeySerde
	} else if r.KeySerde == nil {
		r.KeySerde = l.KeySerde
	}
	l = oneSide[K, L](l, p.name+"-left", p.options, p.leftAlone != nil || self && p.rightAlone != nil)
	if self {
		r = l
	} else {
		r = oneSide[K, R](r, p.name+"-right", p.options, p.rightAlone != nil)
	}
	n := b.Operator(p.op, l, &graph.Options{Name: p.name})
	if r.Builder != b {
		b.Errorf(n.Line, "%s: the streams belong to different builders", p.op)
		r = l
	}
	n.In = append(n.In, r.Edge(1))
	n.CoPartition, n.StreamTime = true, true
	n.Out = []graph.Port{graph.NewPort[K, V](), graph.NewPort[K, windowing.Late[L]](), graph.NewPort[K, windowing.Late[R]]()}
	p.check(b, n)
	p.findSerdes(n, l, r)
	p.addStores(b, n)
	n.New = func(t graph.Task, outs []any) ([]any, error) { return p.instance(t, n, outs), nil }

	var vs any
	if p.once {
		vs = l.ValueSerde // the values are those of the left side
	}
	return Stream[K, L, R, V]{
		topology.StreamOf[K, V](l.NewValue(n, vs)),
		graph.LateHandle[L, windowing.Late[L]](l, n, lateLeftPort), graph.LateHandle[R, windowing.Late[R]](r, n, lateRightPort),
	}
}

// oneSide is the handle of one side of a join: equal keys are in one partition, and
// the serdes are those that the options give. nulls says that the join has a use
// for null keys.
func oneSide[K, V any](h graph.Handle, repartition string, o *graph.Options, nulls bool) graph.Handle {
	if ks, ok := o.KeySerde.(serde.Serde[K]); ok {
		h.KeySerde = ks
	}
	for _, given := range o.ValueSerdes {
		if vs, ok := given.(serde.Serde[V]); ok {
			h.ValueSerde = vs
		}
	}
	if nulls {
		return together(topology.StreamOf[K, V](h), repartition, nil, withNullKeys)
	}
	return together(topology.StreamOf[K, V](h), repartition, nil)
}

// findSerdes finds those of keys and values, and notes an error if the sides
// write their keys differently.
func (p *pairing[K, L, R, V]) findSerdes(n *graph.Node, l, r graph.Handle) {
	b, o := l.Builder, p.options
	for _, given := range o.ValueSerdes {
		_, left := given.(serde.Serde[L])
		_, right := given.(serde.Serde[R])
		if !left && !right {
			b.Errorf(n.Line, "%s: the values are %s and %s, and a serde given for them is %T", n.Op, graph.TypeName[L](), graph.TypeName[R](), given)
		}
	}
	p.ks = graph.SerdeFor[K](b, n, "key", o.KeySerde, o.KeyType, l.KeySerde)
	p.ls = graph.SerdeFor[L](b, n, "left value", nil, "", l.ValueSerde)
	if p.once {
		p.rs = nothing[R]{}
	} else {
		p.rs = graph.SerdeFor[R](b, n, "right value", nil, "", r.ValueSerde)
	}
	sameKeys(b, n, "the left stream", p.ks, "the right one", r.KeySerde)
}

// nothing stands for values of which only the keys and times matter.
type nothing[V any] struct{}

func (nothing[V]) Append(dst []byte, _ V) ([]byte, error) { return dst, nil }
func (nothing[V]) Decode([]byte) (v V, err error)         { return v, nil }
func (nothing[V]) SerdeName() string                      { return "nothing" }

// check notes what else is wrong, and describes the node.
func (p *pairing[K, L, R, V]) check(b *graph.Builder, n *graph.Node) {
	idle := p.options.Emission.Idle
	n.Detail = p.window.String()
	if idle > 0 {
		n.Detail += "; closes idle after " + idle.String()
	}
	if p.callback != nil {
		b.Callback(n, p.callback)
	}
	p.window.check(b, n)
	switch {
	case p.name == "":
		unnamed(b, n)
	case p.leftAlone != nil && p.leftNeeded() >= endless:
		b.Errorf(n.Line, "%s: right records match left ones forever, so that none is ever known to have no match: give the window an upper bound", n.Op)
	case p.rightAlone != nil && p.rightNeeded() >= endless:
		b.Errorf(n.Line, "%s: left records match right ones forever, so that none is ever known to have no match: give the window a lower bound", n.Op)
	case idle > 0 && !p.waits():
		b.Errorf(n.Line, "%s does not take option CloseIdle: none of its records waits for a window to close", n.Op)
	}
}

// waits says whether records without a match are waited for.
func (p *pairing[K, L, R, V]) waits() bool { return p.leftAlone != nil || p.rightAlone != nil }
