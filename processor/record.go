package processor

import "time"

// Header is one header of a record. The bytes are valid as long as the record.
type Header struct {
	Key   string
	Value []byte
}

// Record is a record as a Processor sees it. A record whose HasKey or HasValue
// is false has a null there, and the field holds the zero value.
type Record[K, V any] struct {
	Key   K
	Value V

	// Time is the event time in milliseconds since the Unix epoch.
	Time int64

	Headers []Header

	HasKey, HasValue bool
}

// When is Time as a time.Time in UTC.
func (r Record[K, V]) When() time.Time { return time.UnixMilli(r.Time).UTC() }

// NewRecord makes a record with a key and a value, both present.
func NewRecord[K, V any](key K, value V, timeMs int64) Record[K, V] {
	return Record[K, V]{Key: key, Value: value, Time: timeMs, HasKey: true, HasValue: true}
}
