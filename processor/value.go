package processor

// ValueProcessor is a Processor that cannot change keys: what it forwards has
// the key of the record in hand, so that no repartition is needed behind it.
//
// It may also have either of these methods:
//
//	Init() error   // once, before the first record
//	Close() error  // once, when the task leaves this instance
type ValueProcessor[K, V, VO any] interface {
	Process(r Record[K, V], out ValueOutput[VO]) error
}

// ValueOutput hands values to the nodes behind a ValueProcessor, under the key
// of the record in hand. Its methods return as Output.Forward does; outside of
// Process, in a punctuation for example, there is no such key and they fail.
type ValueOutput[V any] interface {
	// Forward sends on a value with the time and headers of the record in hand.
	Forward(value V) error
	// ForwardNull is Forward with a null value.
	ForwardNull() error
	// ForwardAt sends on a value with another event time, in milliseconds since
	// the Unix epoch, and other headers. A value that is not OK is a null.
	ForwardAt(value Maybe[V], timeMs int64, headers []Header) error
}
