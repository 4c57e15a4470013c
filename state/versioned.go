package state

import "iter"

// Versioned is the typed view of a versioned key-value store that operators and
// Processors use inside a task: it knows what a key was at a time. It sees the
// writes of the running transaction. Values that it returns may be changed
// freely; what counts is what Put gets.
//
//	put a@10, b@30, null@50:    10        30        50
//	                      ------|----a----|----b----|-------> no value
//	as of                   9: -      29: a    30: b    50: -
//
// The store remembers its history: all that was valid at some time from its
// stream time minus the history on, bounds included. Its stream time is the
// highest time of all its versions, not the task's. A write before that is not
// stored; a read before that finds the newest version of a key if that is as
// old, and nothing else. These rules are those of Kafka Streams (KIP-889).
type Versioned[K, V any] interface {
	// Get returns the newest version of key and the event time from which on
	// it is valid, in milliseconds; ok is false if there is none, or if it is a
	// deletion.
	Get(key K) (v V, timeMs int64, ok bool, err error)
	// GetAsOf returns what was valid at a time, and from when on. (For how long
	// is what History tells.)
	GetAsOf(key K, asOfMs int64) (v V, timeMs int64, ok bool, err error)
	// History yields the versions of key that were valid at some time from
	// fromMs to toMs, both included, newest first, as they are when the loop
	// begins. It leaves out deletions, which show as gaps.
	History(key K, fromMs, toMs int64) iter.Seq[Version[V]]
	// All yields the newest version of every key that has a value, in the order
	// of the encoded keys, as they are when the loop begins.
	All() iter.Seq2[K, V]
	// ScanErr is the error that ended the last History or All early, or nil.
	ScanErr() error
	// Put stores v as what key is from timeMs on, until its next version if
	// there is one. A version of the same time is replaced. It returns false,
	// and does nothing, if that time is before the history. A time before 1970
	// or after 2262, which changelog records cannot carry, is an error.
	Put(key K, v V, timeMs int64) (stored bool, err error)
	// Delete is Put for no value.
	Delete(key K, timeMs int64) (stored bool, err error)
}

// Version is what a key was from FromMs on and before ToMs, which is
// math.MaxInt64 for its newest version. Both are event times in milliseconds.
type Version[V any] struct {
	Value        V
	FromMs, ToMs int64
}
