package random

import (
	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// streamsOf joins streams with keys of K in one operator.
func streamsOf[K thing](c call) joinedStreams {
	var parts []joins.StreamPart[K, string]
	for _, in := range c.in {
		switch in := in.(type) {
		case topology.KStream[K, string]:
			parts = append(parts, joins.One(in, add[string]))
		case topology.KStream[K, int64]:
			parts = append(parts, joins.One(in, add[int64]))
		}
	}
	s := joins.Streams(c.name, c.window.of(), parts[0], parts[1], parts[2:]...)
	return joinedStreams{s.KStream, [2]func() any{func() any {
		return topology.MapValues(s.Late(), func(l windowing.Late[string]) string { return l.Value })
	}}}
}

// add is what a part sets in a result.
func add[V thing](result *string, value V) { *result += chained(value) }
