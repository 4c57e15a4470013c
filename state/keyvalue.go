package state

import "iter"

// KeyValue is the typed view of a key-value store that operators and
// Processors use inside a task: it sees the writes of the running transaction.
// Values that it returns may be changed freely; what counts is what Put gets.
//
// A scan sees the state as of its start, in the order of the encoded keys. In a
// store whose entries have a time to live, nothing shows those that are gone.
type KeyValue[K, V any] interface {
	ReadOnly[K, V]
	// Put stores v under key with the event time of the current record.
	Put(key K, v V) error
	// PutWithTime stores v under key with the given event time.
	PutWithTime(key K, v V, timeMs int64) error
	// Delete removes key.
	Delete(key K) error
}

// ReadOnly is the part of KeyValue that changes nothing: what a Processor sees
// of a global table.
type ReadOnly[K, V any] interface {
	// Get returns the value of key; ok is false if there is none.
	Get(key K) (v V, ok bool, err error)
	// GetWithTime also returns the event time of the write, in milliseconds.
	GetWithTime(key K) (v V, timeMs int64, ok bool, err error)
	// All yields every entry.
	All() iter.Seq2[K, V]
	// Range yields the entries from from (inclusive) to to (exclusive) in the
	// order of their encodings.
	Range(from, to K) iter.Seq2[K, V]
	// ScanErr is the error that ended the last All or Range early, or nil.
	ScanErr() error
}
