package processor

import (
	"context"
	"time"
)

// Processor is one node of a topology written by hand. One is made for each
// task; a task calls it from one goroutine at a time, so it needs no locks.
//
// An error from Process is of class Process: the record leaves no trace in
// stores and outputs, and the policy of the class decides what happens to it.
//
// A Processor may also have either of these methods:
//
//	Init(out Output[KO, VO]) error  // once, before the first record: the place for Schedule
//	Close() error                   // once, when the task leaves this instance
type Processor[K, V, KO, VO any] interface {
	Process(r Record[K, V], out Output[KO, VO]) error
}

// Output hands records to the nodes behind a Processor. Forward returns when
// all of them are done with the record (depth first), with their first error.
type Output[K, V any] interface {
	Forward(r Record[K, V]) error
}

// Context is what a Processor knows of its surroundings. It is valid only
// during the calls made to the Processor, and only on their goroutine.
type Context interface {
	// App is the application id.
	App() string
	// Task is the id of the task: subtopology and partition.
	Task() TaskID
	// Node is the name of the node.
	Node() string

	// Topic, Partition and Offset say which input record is being processed.
	// In a punctuation they are "", -1 and -1.
	Topic() string
	Partition() int32
	Offset() int64

	// StreamTime is the highest event time that the task has seen, in
	// milliseconds since the Unix epoch; -1 before the first record.
	StreamTime() int64
	// Now is the wall clock in milliseconds since the Unix epoch. It is read
	// once per batch of records.
	Now() int64

	// Schedule calls fn every interval of the given clock (at least 1 ms)
	// until the returned function is called. Intervals that were missed
	// collapse into one call. StreamTime punctuations are first due at the
	// first record, WallClock ones after the first interval. An error of fn is of
	// class Punctuate. By example: internal/corpus/testdata/punctuation.txt.
	Schedule(clock Clock, interval time.Duration, fn func(nowMs int64) error) (cancel func())
	// ScheduleAt is Schedule with a place for the intervals: fn is due at
	// anchor and every interval after it (KIP-1146). Of an anchor that has
	// passed, the times that have passed too are left out; a stream time that
	// is not known yet counts as before the anchor.
	ScheduleAt(clock Clock, anchor time.Time, interval time.Duration, fn func(nowMs int64) error) (cancel func())
	// Commit asks for a commit soon after the current record.
	Commit()

	// Context is cancelled when the work in hand is thrown away: at an abort,
	// or when the instance stops. Pass it to calls that may block.
	Context() context.Context
}

// Clock says which time a punctuation follows.
type Clock uint8

// The clocks of Context.Schedule.
const (
	// StreamTime advances with the records of the task.
	StreamTime Clock = iota
	// WallClock advances with the machine's clock.
	WallClock
)
