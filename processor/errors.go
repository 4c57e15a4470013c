package processor

import (
	"fmt"
	"strings"
	"time"
)

// Class says at which step an error came up. Policies are set per class and
// never pass an error on to another one.
type Class uint8

// The classes of errors.
const (
	Decode    Class = iota // bytes of an input record that no serde reads
	Process                // an operator or Processor failed, or panicked
	Punctuate              // a punctuation failed, or panicked
	Produce                // an output record could not be encoded or written
	Commit                 // a transaction or an offset commit failed
	Restore                // state could not be read back
	numClasses
)

var classNames = [numClasses]string{"decode", "process", "punctuate", "produce", "commit", "restore"}

// String returns the lower-case name of the class.
func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return fmt.Sprintf("class(%d)", c)
}

// Error is an error with the place where it came up and what can be done. It
// carries no key and no value of any record.
type Error struct {
	Class     Class
	Task      TaskID // its Subtopology is -1 for a record of a global table
	Node      string // or the name of the global table; "" if no node was involved
	Topic     string // "" if no record was involved
	Partition int32
	Offset    int64
	Attempt   int // 1 for the first try
	Err       error
	Hint      string // what to do, "" if nothing is known
	Stack     []byte // of a panic in user code, else nil
}

// Error returns one line; the stack is not part of it.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Class.String())
	if e.Task.Subtopology >= 0 {
		fmt.Fprintf(&b, ": task %s", e.Task)
	}
	if e.Node != "" {
		fmt.Fprintf(&b, ": node %s", e.Node)
	}
	if e.Topic != "" {
		fmt.Fprintf(&b, ": topic %s partition %d offset %d", e.Topic, e.Partition, e.Offset)
	}
	fmt.Fprintf(&b, ": %v", e.Err)
	if e.Hint != "" {
		fmt.Fprintf(&b, " (%s)", e.Hint)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Action is what happens to a record that failed.
type Action uint8

// The actions of a Policy.
const (
	Fail       Action = iota // Run returns the error; the record is processed again after a restart
	Skip                     // the record is dropped and counted
	DeadLetter               // the record goes to the dead-letter topic in the same transaction
	NullValue                // decode errors only: the value becomes a null
	Retry                    // once more after Policy.Backoff
	Replace                  // Decision.Key and Decision.Value take the record's place
)

var actionNames = [...]string{"fail", "skip", "dead_letter", "null_value", "retry", "replace"}

// String returns the name of the action.
func (a Action) String() string {
	if int(a) < len(actionNames) {
		return actionNames[a]
	}
	return fmt.Sprintf("action(%d)", a)
}

// Policy says what happens when a record fails. The zero value fails.
type Policy struct {
	// Retries is how often a failed record is tried again before Then is
	// done. Defaults to 0.
	Retries int
	// Backoff is the pause before the first retry; it doubles with each one,
	// up to 64 times. The task is parked meanwhile, other tasks go on.
	// Defaults to 100 ms.
	Backoff time.Duration
	// Then is done when no retry is left. Defaults to Fail.
	Then Action
	// Decide, if set, is asked for every failed attempt instead of Retries
	// and Then.
	Decide func(*Error) Decision
}

// Decision is the answer of Policy.Decide.
type Decision struct {
	Action Action
	// Key and Value are the bytes that take the record's place, for Replace;
	// nil is a null. They are decoded as if they had come from the topic.
	Key, Value []byte
}

// Policies holds a Policy for each class in which there is something to
// decide. Produce, commit and restore errors that can be retried are retried
// by the runtime itself; Policies.Produce covers records that can never be
// written: too large, or refused by their serde.
type Policies struct {
	Decode, Process, Punctuate, Produce Policy
	// DeadLetterTopic takes dead letters. It must exist. Required if any
	// policy may answer DeadLetter.
	DeadLetterTopic string
}
