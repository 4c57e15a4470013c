package joins

import (
	"math"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// storeNames are the names that Kafka Streams gives to the stores of a join with
// a base name of its own: of the records of both sides, and of which of them wait
// for a match.
func (p *pairing[K, L, R, V]) storeNames() (left, right, waiting string) {
	left, right = p.name+"-this-join-store", p.name+"-other-join-store"
	if p.rightAlone != nil {
		left = p.name + "-outer-this-join-store"
	}
	if p.leftAlone != nil {
		right = p.name + "-outer-other-join-store"
	}
	if p.shared {
		right = left
	}
	switch {
	case p.leftAlone != nil && p.rightAlone != nil:
		waiting = p.name + "-outer-shared-join-store"
	case p.leftAlone != nil:
		waiting = p.name + "-left-shared-join-store"
	case p.rightAlone != nil:
		waiting = p.name + "-right-shared-join-store"
	}
	return left, right, waiting
}

// rightKept is how long the rows of right records stay: if left ones look for the
// last of those that match only when no other can come, until then.
func (p *pairing[K, L, R, V]) rightKept() int64 {
	if p.nearest == nil {
		return p.rightNeeded()
	}
	return max(p.rightNeeded(), p.leftNeeded()-p.from)
}

// addStores adds the stores of the join.
func (p *pairing[K, L, R, V]) addStores(b *graph.Builder, n *graph.Node) {
	left, right, waiting := p.storeNames()
	span := p.leftNeeded()
	if p.shared {
		span = max(span, p.rightNeeded())
	}
	addRecords(b, n, left, p.ks, p.ls, span, p.options)
	if !p.shared {
		addRecords(b, n, right, p.ks, p.rs, p.rightKept(), p.options)
	}
	if waiting != "" {
		addWaiting(b, n, waiting, p.ks, p.options)
	}
}

// addRecords adds the store of one side, whose records are needed for a span of
// milliseconds. The changelog has the bytes that Kafka Streams gives it, and its
// policy: each record has a key of its own, so that there is nothing to compact.
func addRecords[K, V any](b *graph.Builder, n *graph.Node, name string, ks serde.Serde[K], vs serde.Serde[V], needed int64, o *graph.Options) {
	spec, ks, vs := storeSpec(b, n, name, state.Records, o, ks, vs)
	spec.Serdes.Key = nil
	log := map[string]string{"cleanup.policy": "delete", "retention.ms": "-1"}
	if needed <= math.MaxInt64/int64(time.Millisecond) { // what a Duration can say
		spec.Retention = time.Duration(max(needed, 1)) * time.Millisecond
		spec.Detail += "; retention " + spec.Retention.String()
		log["retention.ms"] = graph.LogTime(spec.Retention)
	} else {
		spec.Detail += "; retention for ever"
	}
	spec.LogAs(log)
	spec.New = func(base state.Store) graph.TaskStore {
		return store.NewRecords(base, ks, vs, store.Options{Name: name, Retention: spec.Retention})
	}
	b.AddStore(spec)
}

// addWaiting adds the store of the marks of records that wait for a match.
func addWaiting[K any](b *graph.Builder, n *graph.Node, name string, ks serde.Serde[K], o *graph.Options) {
	spec, ks, _ := storeSpec(b, n, name, state.Plain, o, ks, serde.Serde[struct{}](nothing[struct{}]{}))
	spec.Detail, spec.Serdes = "serde "+serde.NameOf(ks), graph.TopicSerdes{}
	spec.LogAs(map[string]string{"cleanup.policy": "compact"})
	spec.New = func(base state.Store) graph.TaskStore {
		return store.NewUnmatched(base, ks, store.Options{Name: name})
	}
	b.AddStore(spec)
}

// storeSpec is that of one more store of n, and the serdes for its changelog.
func storeSpec[K, V any](b *graph.Builder, n *graph.Node, name string, f state.Format, o *graph.Options, ks serde.Serde[K], vs serde.Serde[V]) (*graph.StoreSpec, serde.Serde[K], serde.Serde[V]) {
	n.Stores = append(n.Stores, name)
	return graph.SpecOf(b, n, name, f, o, ks, vs)
}
