package random

import (
	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// streamsOf joins streams with keys of K in one operator.
func streamsOf[K thing](c call) withLate {
	var parts []joins.StreamPart[K, string]
	for i, in := range c.in {
		switch in := in.(type) {
		case topology.KStream[K, string]:
			parts = append(parts, joins.One(in, adds[string](i)))
		case topology.KStream[K, int64]:
			parts = append(parts, joins.One(in, adds[int64](i)))
		}
	}
	s := joins.Streams(c.name, c.window.of(), parts[0], parts[1], parts[2:]...)
	return withLate{s.KStream, [2]func() any{func() any {
		return topology.MapValues(s.Late(), func(l windowing.Late[string]) string { return l.Value })
	}}}
}

// partsOf are tables with keys of K, the first of which is an input of a call.
func partsOf[K thing](c call, first int) (parts []joins.Part[K, string]) {
	for i, in := range c.in {
		if i < first {
			continue
		}
		switch in := in.(type) {
		case topology.KTable[K, string]:
			parts = append(parts, partOf(c, i, in))
		case topology.KTable[K, int64]:
			parts = append(parts, partOf(c, i, in))
		}
	}
	return parts
}

func partOf[K, V thing](c call, i int, t topology.KTable[K, V]) joins.Part[K, string] {
	if c.required(i) {
		return joins.Required(t, adds[V](i))
	}
	return joins.Optional(t, adds[V](i))
}

// tablesOf joins tables with keys of K in one operator.
func tablesOf[K thing](c call) topology.KTable[K, string] {
	parts := partsOf[K](c, 0)
	return joins.Tables(c.name, parts[0], parts[1], parts[2:]...)
}

// enriched joins a stream with tables in one operator.
func enriched[K, V thing](c call, s topology.KStream[K, V]) topology.KStream[K, string] {
	parts := partsOf[K](c, 1)
	return joins.Enrich(s, c.name, func(_ K, v V) string { return link(0, v) }, parts[0], parts[1:]...)
}

// adds is what a part sets in a result.
func adds[V thing](part int) func(*string, V) {
	return func(result *string, value V) { *result += link(part, value) }
}
