package joins

import (
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
)

// Inner joins each left record with each right one that has an equal key and is
// in the window, whichever of them comes first.
//
// The event time of a result is the later one of its two records. It has the
// headers of the left record if that came second, else none: they are not kept.
// Records with a null key or value have no match: they are dropped and counted.
//
// A record that is behind the stream time of the join, which is that of both
// inputs, by more than its lateness is counted as late, sent to LateLeft or
// LateRight, and never joined. All others are joined with whatever they match:
// the results are the same for every order in which the records of the two
// streams come, as long as none is late. Kafka Streams joins late records with
// what its store happens to hold still (KAFKA-16123).
//
// Both sides are stored until nothing can match them any more, each of them under
// the name that Kafka Streams would give it: <name>-this-join-store and
// <name>-other-join-store. A stream joined with itself is stored once. A side
// whose keys may have changed goes through a repartition topic, <name>-left or
// <name>-right.
//
// It takes the options KeySerde, ValueSerde (once for each side that needs one;
// it is told by its type whose it is), Unlogged and LogConfig.
//
// By example: internal/corpus/testdata/join-streams.txt.
func Inner[K, L, R, V any](left topology.Streamer[K, L], right topology.Streamer[K, R], name string, w Window, joiner func(key K, l L, r R) V, opts ...topology.Option) Stream[K, L, R, V] {
	return pairing[K, L, R, V]{op: "join-streams", name: name, window: w, callback: joiner, pair: joiner}.stream(left, right, opts)
}

// Left is Inner that also sends on left records without a match, once none can
// come any more: when the stream time is past the window and past what right
// records may be late, as it is after a record, or a watermark, or at the end of a
// bounded run. The time of such a result is that of its record, and it has no
// headers. Those that are due at once come by time, right ones before left ones,
// and then by the encoded key, as in Kafka Streams; that sends some of them early,
// before late matches, and some with delay.
//
// A left record with a null key and a value has no match and is sent on at once;
// it passes the repartition topic, too (KIP-962).
//
// What waits for a match survives restarts: it is marked in a store of its own,
// <name>-left-shared-join-store. Beside the options of Inner it takes
// windowing.CloseIdle, for results while the input is idle.
//
// By example: internal/corpus/testdata/join-left.txt.
func Left[K, L, R, V any](left topology.Streamer[K, L], right topology.Streamer[K, R], name string, w Window, joiner func(key K, l L, r processor.Maybe[R]) V, opts ...topology.Option) Stream[K, L, R, V] {
	return pairing[K, L, R, V]{
		op: "left-join-streams", name: name, window: w, callback: joiner,
		pair:      func(key K, l L, r R) V { return joiner(key, l, processor.Some(r)) },
		leftAlone: func(key K, l L) V { return joiner(key, l, processor.Maybe[R]{}) },
	}.stream(left, right, opts)
}

// Right is Left with the sides exchanged: it sends on right records without a
// match.
//
// By example: internal/corpus/testdata/join-left.txt.
func Right[K, L, R, V any](left topology.Streamer[K, L], right topology.Streamer[K, R], name string, w Window, joiner func(key K, l processor.Maybe[L], r R) V, opts ...topology.Option) Stream[K, L, R, V] {
	return pairing[K, L, R, V]{
		op: "right-join-streams", name: name, window: w, callback: joiner,
		pair:       func(key K, l L, r R) V { return joiner(key, processor.Some(l), r) },
		rightAlone: func(key K, r R) V { return joiner(key, processor.Maybe[L]{}, r) },
	}.stream(left, right, opts)
}

// Outer is Left and Right in one: it sends on records of both sides without a
// match. What waits for one is marked in <name>-outer-shared-join-store.
//
// By example: internal/corpus/testdata/join-outer.txt.
func Outer[K, L, R, V any](left topology.Streamer[K, L], right topology.Streamer[K, R], name string, w Window, joiner func(key K, l processor.Maybe[L], r processor.Maybe[R]) V, opts ...topology.Option) Stream[K, L, R, V] {
	return pairing[K, L, R, V]{
		op: "outer-join-streams", name: name, window: w, callback: joiner,
		pair:       func(key K, l L, r R) V { return joiner(key, processor.Some(l), processor.Some(r)) },
		leftAlone:  func(key K, l L) V { return joiner(key, processor.Some(l), processor.Maybe[R]{}) },
		rightAlone: func(key K, r R) V { return joiner(key, processor.Maybe[L]{}, processor.Some(r)) },
	}.stream(left, right, opts)
}

// Semi lets those left records pass that have a match, each of them once: when
// its first match comes, or at once if that was there before. It keeps its time,
// and its headers if it need not wait. See Inner for all else; of right records
// only keys and times are stored.
//
// By example: internal/corpus/testdata/join-semi.txt.
func Semi[K, L, R any](left topology.Streamer[K, L], right topology.Streamer[K, R], name string, w Window, opts ...topology.Option) Stream[K, L, R, L] {
	return pairing[K, L, R, L]{
		op: "semi-join-streams", name: name, window: w, once: true,
		pair: func(_ K, l L, _ R) L { return l },
	}.stream(left, right, opts)
}

// Anti lets those left records pass that have no match, once none can come any
// more: what Left says of them holds here. One with a null key and a value passes
// at once, with its headers.
//
// By example: internal/corpus/testdata/join-anti.txt.
func Anti[K, L, R any](left topology.Streamer[K, L], right topology.Streamer[K, R], name string, w Window, opts ...topology.Option) Stream[K, L, R, L] {
	return pairing[K, L, R, L]{
		op: "anti-join-streams", name: name, window: w, once: true,
		leftAlone: func(_ K, l L) L { return l },
	}.stream(left, right, opts)
}
