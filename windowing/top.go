package windowing

import (
	"fmt"
	"math"
	"slices"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
)

// Ranked is a row of a table with its place among the rows of its group. Rows
// that score the same share a rank, and the next one has that of its place: 1, 1,
// 3.
type Ranked[K, R any] struct {
	Rank int
	Key  K
	Row  R
}

// Top is a table with the n rows of each group that score highest, of a KTable or
// a Table, with their ranks: of the rows of each window, for example.
//
//	byWindow := func(w state.Windowed[string]) int64 { return w.Start }
//	views := func(n int64) float64 { return float64(n) }
//	top := windowing.Top(perMinute, "top", 10, byWindow, views, topology.TTL(time.Hour))
//
// The best come first, and those that score the same in the order of their encoded
// keys. There is an update when a row among the n, or its score, has changed; a
// group without rows has none. A row may fall and rise again: all of them are kept
// in order in a store of the given name, so that an update costs a look-up and a
// scan of n rows, however many there are. Rows go through a repartition topic of
// that name to where their group is.
//
// math.MaxInt as n ranks all rows of a group, which an update scans then. To have
// each rank in a record of its own, FlatMap the stream of the table.
//
// By example: internal/corpus/testdata/ranks.txt.
//
// A Table does not delete the rows of windows that have closed. The option
// topology.TTL does: give at least the size of the windows and their grace.
// Defaults to rows that stay until they are deleted. Top takes the options
// KeySerde (of groups), ValueSerde (of rows), TTL, Unlogged and LogConfig.
//
// By example: internal/corpus/testdata/top-of-windows.txt.
func Top[K, R, G any](t table[K, R], name string, n int, group func(key K) G, score func(row R) float64, opts ...topology.Option) topology.KTable[G, []Ranked[K, R]] {
	in := t.Graph()
	b := in.Builder
	o := graph.OptionsOf(b, "top", opts, graph.OptKeySerde, graph.OptValueSerde, graph.OptTTL, graph.OptUnlogged, graph.OptLogConfig)
	by := b.Operator("rank-by", in, &graph.Options{})
	b.Callback(by, group)
	b.Callback(by, score)
	if n < 1 {
		b.Errorf(by.Line, "top: the number of rows is %d: give 1 or more", n)
	}
	by.Out = []graph.Port{graph.NewPort[G, kept[K, R]]()}
	by.New = func(_ graph.Task, outs []any) ([]any, error) {
		return []any{&rankBy[K, R, G]{group: group, out: outs[0].(graph.Receiver[G, kept[K, R]])}}, nil
	}
	gs := graph.SerdeFor[G](b, by, "group", o.KeySerde, o.KeyType, nil)
	rows := keptSerde[K, R]{graph.KeySerde[K](by, in, &graph.Options{}), graph.ValueSerde[R](by, in, o)}
	moved := in.NewKey(by)
	moved.KeySerde, moved.ValueSerde = gs, rows
	in = topology.Repartition(topology.StreamOf[G, kept[K, R]](moved), name).Graph()

	node := b.Operator("top", in, &graph.Options{Name: name})
	node.Detail = fmt.Sprintf("top %d", n)
	if n == math.MaxInt {
		node.Detail = "ranks all"
	}
	node.Stores = []string{name}
	node.Out = []graph.Port{graph.NewPort[G, graph.Change[[]Ranked[K, R]]]()}
	addRanking(b, node, name, o, rankedSerde[K, R]{rows})
	made := ranking[K, R, G]{node: node, n: n, score: score, groups: gs, keys: rows.keys}
	open := func(t graph.Task) (_ *ranking[K, R, G], err error) {
		r := made
		r.rows, err = graph.StoreOf[*store.KeyValue[[]byte, ranked[K, R]]](t, name)
		return &r, err
	}
	node.New = func(t graph.Task, outs []any) ([]any, error) {
		r, err := open(t)
		return []any{&top[K, R, G]{ranking: r, out: outs[0].(graph.Receiver[G, graph.Change[[]Ranked[K, R]]])}}, err
	}
	h := in.NewValue(node, nil)
	h.KeySerde = gs
	h.View = graph.View[G, []Ranked[K, R]]{Stores: []string{name}, Open: func(t graph.Task) (graph.Getter[G, []Ranked[K, R]], error) {
		return open(t)
	}}
	return topology.TableOf[G, []Ranked[K, R]](h)
}

// rankBy sends the new rows of a table to their groups.
type rankBy[K, R, G any] struct {
	group func(K) G
	out   graph.Receiver[G, kept[K, R]]
	m     graph.Meta
}

func (r *rankBy[K, R, G]) Receive(key K, c graph.Change[R], m *graph.Meta) error {
	if c.Stale {
		return nil
	}
	r.m = graph.Meta{Time: m.Time, HasKey: true, HasValue: true}
	return r.out.Receive(r.group(key), kept[K, R]{key: key, value: c.New, timeMs: m.Time, hasKey: true, has: c.HasNew}, &r.m)
}

// top sends on what changes among the first rows of a group.
type top[K, R, G any] struct {
	*ranking[K, R, G]
	out graph.Receiver[G, graph.Change[[]Ranked[K, R]]]
	m   graph.Meta
}

func (r *top[K, R, G]) Receive(group G, row kept[K, R], m *graph.Meta) error {
	before, err := r.list(group)
	if err != nil {
		return graph.At(r.node, err)
	}
	same, err := r.put(group, row)
	if err != nil || same {
		return graph.At(r.node, err)
	}
	after, err := r.list(group)
	if err != nil {
		return graph.At(r.node, err)
	}
	// Elsewhere in the group nothing has changed, and the row is in one of the
	// lists or in none.
	if !before.has(r.key) && !after.has(r.key) {
		return nil
	}
	r.m = graph.Meta{Time: m.Time, HasKey: true, HasValue: len(after.rows) > 0}
	return r.out.Receive(group, graph.Change[[]Ranked[K, R]]{
		New: after.rows, Old: before.rows, HasNew: len(after.rows) > 0, HasOld: len(before.rows) > 0,
	}, &r.m)
}

// ranked is a row of the store: in its place, or the score by which that is found.
type ranked[K, R any] struct {
	score float64
	row   kept[K, R]
	place bool
}

// firsts are the first rows of a group.
type firsts[K, R any] struct {
	rows []Ranked[K, R]
	keys []string // encoded
}

func (f *firsts[K, R]) has(key []byte) bool { return slices.Contains(f.keys, string(key)) }

// addRanking adds the store of a Top.
func addRanking[K, R any](b *graph.Builder, n *graph.Node, name string, o *graph.Options, vs serde.Serde[ranked[K, R]]) {
	spec, ks, vs := graph.SpecOf(b, n, name, state.Timestamped, o, serde.Bytes, vs)
	if spec.TTL = o.TTL; o.TTL > 0 {
		spec.Detail += "; ttl " + o.TTL.String()
	}
	spec.New = func(base state.Store) graph.TaskStore {
		return store.NewKeyValue(base, ks, vs, store.Options{Name: name, Format: state.Timestamped, TTL: o.TTL})
	}
	b.AddStore(spec)
}
