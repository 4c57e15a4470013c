package joins

import (
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
)

// Nearest joins each left record with one right record of an equal key: the last
// one, by event time, that is in the window. With Between(tolerance, 0) that is
// the as-of join of time series, the value of the right stream at the time of the
// left record, if it is not older than the tolerance:
//
//	priced := joins.Nearest(trades, quotes, "priced", joins.Between(time.Minute, 0).Grace(time.Second),
//		func(symbol string, t Trade, q processor.Maybe[Quote]) Priced { ... })
//
//	right  -----r-----------r--:--------r---
//	left   |----- tolerance ---l------------
//	                        joined
//
// The result is known when no right record can come any more that is nearer: once
// the stream time is past the window and past what right records may be late.
// Until then left records wait, in the store, so that the order in which records
// come makes no difference, as long as none is late. Of right records with equal
// times the one that came last is taken. What Left says of times, headers, nulls,
// late records, stores and options holds here, too.
//
// By example: internal/corpus/testdata/nearest.txt.
func Nearest[K, L, R, V any](left topology.Streamer[K, L], right topology.Streamer[K, R], name string, w Window, joiner func(key K, l L, r processor.Maybe[R]) V, opts ...topology.Option) Stream[K, L, R, V] {
	return pairing[K, L, R, V]{
		op: "nearest-join-streams", name: name, window: w, callback: joiner, nearest: joiner,
		leftAlone: func(key K, l L) V { return joiner(key, l, processor.Maybe[R]{}) },
	}.stream(left, right, opts)
}
