package windowing

import (
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/topology"
)

// Debounce lets the last record of a key pass once there has been no other for a
// time: of a burst there is one record, with the latest value, its own event time
// and headers.
//
//	quiet 5   a@0   a@3      a@7 (a@3 does not pass)       b@12: a@7 passes
//
// Last is the one with the highest event time. Silence is measured by stream time,
// the operator's own: records of any key bring it on, and while none come nothing
// passes, unless the option ByWallClock says otherwise. Records that come later
// than quiet behind the stream time are dropped and counted as late, those with a
// null key as null_key; a null value is a value. The end of a bounded run,
// App.RunUntilCaughtUp, lets everything pass.
//
// The last records are in a store of the given name with a changelog topic: each
// passes once, whatever fails. If keys may have changed, the stream goes through
// a repartition topic first, which is named after the store. Debounce takes the
// options ByWallClock, Serdes, KeySerde, ValueSerde, Unlogged and LogConfig.
//
// By example: internal/corpus/testdata/debounce.txt.
func Debounce[K, V any](s topology.Streamer[K, V], name string, quiet time.Duration, opts ...topology.Option) topology.KStream[K, V] {
	return topology.StreamOf[K, V](quietNode(s, "debounce", name, quiet, opts, true, func(k *kept[K, V], _, _ int64) (V, graph.Meta) {
		return k.value, k.meta()
	}))
}
