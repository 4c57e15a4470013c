package windowing

import (
	"math"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/topology"
)

// Gap says that a key was silent.
type Gap[V any] struct {
	// Last is the value of the last record before the silence, V's zero value if
	// that was null.
	Last V
	// Since is the event time of that record, Noticed the stream time, or with
	// ByWallClock the time of the wall clock, at which it had been silent for long
	// enough; in milliseconds since 1970.
	Since, Noticed int64
}

// Gaps is a stream with a record for each silence: when a key that had records
// has had none for a time. There is one, however long the silence lasts; the next
// one takes another record of the key first. Its event time is the end of that
// time, and it has no headers.
//
//	silence 5   a@0   a@3   b@7   b@8: a was silent   b@12   a@14   a@17: b was silent
//
// Time is as with Debounce, late records are as well, and so are store and
// options; ByWallClock is for keys whose silence nothing else would tell. That a
// bounded run ends is no silence. A serde for Gap[V] on topics must be registered,
// or use MapValues.
//
// By example: internal/corpus/testdata/gaps.txt.
func Gaps[K, V any](s topology.Streamer[K, V], name string, silence time.Duration, opts ...topology.Option) topology.KStream[K, Gap[V]] {
	h := quietNode(s, "gaps", name, silence, opts, false, func(k *kept[K, V], span, nowMs int64) (Gap[V], graph.Meta) {
		return Gap[V]{Last: k.value, Since: k.timeMs, Noticed: nowMs},
			graph.Meta{Time: k.timeMs + min(span, math.MaxInt64-k.timeMs), HasKey: true, HasValue: true}
	})
	h.ValueSerde = nil
	return topology.StreamOf[K, Gap[V]](h)
}
