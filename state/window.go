package state

import "iter"

// Window is the typed view of a window store that operators use inside a task:
// a value for each key and window of time. It sees the writes of the running
// transaction. Values that it returns may be changed freely; what counts is
// what Put gets. Windows are named by the event time at which they begin, in
// milliseconds.
//
// The store's stream time is the latest start of all windows ever put, not the
// task's. A window is gone once that has reached its start plus the retention:
// no read shows it, no write brings it back, and what it takes on disk goes
// soon. These rules are those of Kafka Streams. What is gone leaves the
// changelog by the topic's own retention: no null is written for it.
type Window[K, V any] interface {
	// Get returns the value of key in the window that begins at startMs; ok is
	// false if there is none.
	Get(key K, startMs int64) (v V, ok bool, err error)
	// GetWithTime also returns the event time of the write, in milliseconds.
	GetWithTime(key K, startMs int64) (v V, timeMs int64, ok bool, err error)
	// Range yields the windows of key that begin from fromMs to toMs, both
	// included, in the order of time, as they are when the loop begins. It
	// costs a look-up for each time at which any key has a window there.
	Range(key K, fromMs, toMs int64) iter.Seq2[Windowed[K], V]
	// RangeBackward is Range from the latest window to the earliest.
	RangeBackward(key K, fromMs, toMs int64) iter.Seq2[Windowed[K], V]
	// Between yields the windows of all keys that begin from fromMs to toMs,
	// both included, in the order of time, those of one time in the order of
	// the encoded keys, as they are when the loop begins.
	Between(fromMs, toMs int64) iter.Seq2[Windowed[K], V]
	// BetweenBackward is Between in the opposite order.
	BetweenBackward(fromMs, toMs int64) iter.Seq2[Windowed[K], V]
	// KeyRange is Between for the keys from from (inclusive) to to (exclusive)
	// in the order of their bytes. It looks at the windows of all keys.
	KeyRange(from, to K, fromMs, toMs int64) iter.Seq2[Windowed[K], V]
	// KeyRangeBackward is KeyRange in the opposite order.
	KeyRangeBackward(from, to K, fromMs, toMs int64) iter.Seq2[Windowed[K], V]
	// All is Between without bounds.
	All() iter.Seq2[Windowed[K], V]
	// ScanErr is the error that ended the last loop over windows early, or nil.
	ScanErr() error
	// Put stores v for key in the window that begins at startMs, with the event
	// time of the current record. It returns false, and does nothing, if the
	// window is gone.
	Put(key K, v V, startMs int64) (stored bool, err error)
	// PutWithTime is Put with the given event time.
	PutWithTime(key K, v V, startMs, timeMs int64) (stored bool, err error)
	// Delete removes what Put has stored.
	Delete(key K, startMs int64) error
}
