package state

import "iter"

// Session is the typed view of a session store that operators and Processors
// use inside a task: a value for each key and session, which is a span of event
// time that records have stretched. It sees the writes of the running
// transaction. Values that it returns may be changed freely; what counts is
// what Put gets. Both bounds of a session are part of it, in milliseconds.
//
// The store's stream time is the latest end of all sessions ever put, not the
// task's. A session is gone once that has reached its end plus the retention:
// no read shows it, no write brings it back, and what it takes on disk goes
// soon. These rules are those of Kafka Streams. What is gone leaves the
// changelog by the topic's own retention: no null is written for it.
//
// Loops see the sessions as they are when they begin.
type Session[K, V any] interface {
	// Get returns the value of the session of key with these bounds; ok is
	// false if there is none.
	Get(key K, startMs, endMs int64) (v V, ok bool, err error)
	// GetWithTime also returns the event time of the write, in milliseconds.
	GetWithTime(key K, startMs, endMs int64) (v V, timeMs int64, ok bool, err error)
	// Range yields the sessions of key that end at earliestEndMs or later and
	// begin at latestStartMs or earlier, in the order of their ends: those that
	// overlap that span of time. It costs a look-up for each of the few segments
	// into which the store cuts its retention, whatever other keys there are.
	Range(key K, earliestEndMs, latestStartMs int64) iter.Seq2[Windowed[K], V]
	// RangeBackward is Range from the latest session to the earliest.
	RangeBackward(key K, earliestEndMs, latestStartMs int64) iter.Seq2[Windowed[K], V]
	// Between yields the sessions of all keys that end from fromMs to toMs, both
	// included, in the order of their ends, those of one end in the order of
	// their starts and then of the encoded keys.
	Between(fromMs, toMs int64) iter.Seq2[Windowed[K], V]
	// BetweenBackward is Between in the opposite order.
	BetweenBackward(fromMs, toMs int64) iter.Seq2[Windowed[K], V]
	// All is Between without bounds.
	All() iter.Seq2[Windowed[K], V]
	// ScanErr is the error that ended the last loop over sessions early, or nil.
	ScanErr() error
	// Put stores v for the session of key with these bounds, with the event time
	// of the current record. It returns false, and does nothing, if the session
	// is gone.
	Put(key K, v V, startMs, endMs int64) (stored bool, err error)
	// Delete removes what Put has stored.
	Delete(key K, startMs, endMs int64) error
}
