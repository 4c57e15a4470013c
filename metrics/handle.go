package metrics

import (
	"slices"
	"time"
)

// Subtopology holds the counters of one subtopology, summed up over its tasks.
type Subtopology struct {
	Processed   Counter
	ProcessTime Histogram // one record in SampleEvery

	dropped [len(reasons)]Counter
}

// reasons are the values of the label reason of dropped records.
var reasons = [...]string{"late", "negative_time", "null_key", "null_value", "skipped"}

// Dropped returns the counter of records dropped for a reason: "late",
// "negative_time", "null_key", "null_value" or "skipped". Any other reason
// counts as skipped, so that the reasons of user code do not become label
// values.
func (s *Subtopology) Dropped(reason string) *Counter { return &s.dropped[reasonIndex(reason)] }

func reasonIndex(reason string) int {
	i := slices.Index(reasons[:], reason)
	if i < 0 {
		i = len(reasons) - 1
	}
	return i
}

// Topic holds the counters of one topic.
type Topic struct {
	// Of a source. Bytes are those of keys and values.
	Consumed, ConsumedBytes Counter
	DeadLetters             Counter
	Lost                    Counter // records gone before they were read
	Disordered              Counter // records not later than those before, of an ascending source
	// Of a sink.
	Produced, ProducedBytes Counter
	Latency                 Histogram // one record in SampleEvery

	source, sink bool
}

// Store holds the counters of one store, summed up over its tasks, or of the
// instance's copy of a global table.
type Store struct {
	Operations          struct{ Get, Put, Delete, Range, All Counter }
	Logged, LoggedBytes Counter // to the changelog; bytes of keys and values
	Restored            Counter // records
	RestoreTime         Histogram

	dropped [len(reasons)]Counter // of a global table
}

// Dropped returns the counter of records of a global table's topic that are no
// rows, by reason as for Subtopology.Dropped.
func (s *Store) Dropped(reason string) *Counter { return &s.dropped[reasonIndex(reason)] }

// roleActive is the role of a task that processes, or will when restored.
const roleActive = "active"

// Subtopology returns the counters of a subtopology. The id must be less than
// Info.Subtopologies.
func (r *Recorder) Subtopology(id int) *Subtopology { return &r.subtopologies[id] }

// otherTopic is the label of topics that Info does not name.
const otherTopic = "other"

// Topic returns the counters of a topic, or of the text of a pattern. Topics
// that Info does not name share one, labelled "other": what a broker has must
// not become label values.
func (r *Recorder) Topic(name string) *Topic {
	if t := r.topics[name]; t != nil {
		return t
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.other == nil {
		r.other = new(Topic)
		r.bindSource(r.other, otherTopic)
	}
	return r.other
}

// Store returns the counters of a store. Stores that Info does not name get
// counters that are not exported: they are left from an earlier topology.
func (r *Recorder) Store(name string) *Store {
	if s := r.stores[name]; s != nil {
		return s
	}
	return new(Store)
}

// Transaction counts a transaction that committed: its input records and the
// time from the first of them to the acknowledgement.
func (r *Recorder) Transaction(records int, d time.Duration) {
	r.transactionRecords.Observe(float64(records))
	r.transactionTime.Observe(d)
}

// stages are the values of the label stage: the names of processor.Class.
var stages = [...]string{"decode", "process", "punctuate", "produce", "commit", "restore"}

// actions are the values of the label action.
var actions = [...]string{"continue", "retry", "dlq", "fail"}

// Error counts an error by the names of its processor.Class and of the
// processor.Action that followed. Names that processor does not have are not
// counted.
func (r *Recorder) Error(class, action string) {
	switch action {
	case "skip", "null_value", "replace":
		action = "continue"
	case "dead_letter":
		action = "dlq"
	}
	i, j := slices.Index(stages[:], class), slices.Index(actions[:], action)
	if i >= 0 && j >= 0 {
		r.errors[i][j].Inc()
	}
}

// Retry counts an attempt after a failed one, by the name of its
// processor.Class: those of error policies and those that the engine makes on
// its own.
func (r *Recorder) Retry(class string) {
	if i := slices.Index(stages[:], class); i >= 0 {
		r.retries[i].Inc()
	}
}
