package task

import (
	"math"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
)

// input is one topic partition that the task reads: its queue, the record at
// the head, and how far it has come.
type input struct {
	topic string
	node  *graph.Node
	head  graph.Head
	queue queue
	rate  bucket

	// loaded says that the head decoded its record, time is the event time.
	loaded bool
	time   int64
	// null says that the record's value is taken as null, original is the
	// record if its bytes were replaced, attempts how often it
	// failed, by class.
	null     bool
	original *graph.Input
	attempts [numPolicies]int

	// next is the offset after the last record taken, end the one after the
	// last record queued; -1 if unknown.
	next, end     int64
	partitionTime int64
	// frozen is next as of the last freeze, committed holds next and
	// partitionTime as of the last applied commit.
	frozen    int64
	committed progress
	// open are the records below next that have calls open, oldest first.
	open []*origin

	mark      *watermark // nil for none
	lag       int64      // -1 is unknown
	idleSince int64      // when the queue was first found empty at its end, -1 for not yet

	skipped, negative *uint64
	deadLetters       uint64
}

// progress is how far a task has come in one topic partition.
type progress struct{ next, partitionTime int64 }

// add appends records to the queue. Those that were queued before are left
// out: a fetch may overlap after a rewind.
func (in *input) add(records []graph.Input) {
	for i := range records {
		r := &records[i]
		if r.Offset < in.end {
			continue
		}
		in.end = r.Offset + 1
		if !r.Control {
			in.queue.push(r)
			in.idleSince = -1
		}
	}
	if in.queue.n == 0 {
		in.next = in.end
	}
}

// take drops the head and moves the position behind it, and behind the
// transaction markers that follow if nothing else is queued.
func (in *input) take() {
	in.next = in.queue.head().Offset + 1
	in.queue.pop()
	if in.queue.n == 0 {
		in.next = in.end
	}
	in.loaded, in.null, in.original = false, false, nil
	clear(in.attempts[:])
}

// low is how far the input is done: a commit without the calls that are open
// leaves out the oldest record that has one, and all behind it.
func (in *input) low() progress {
	if len(in.open) > 0 {
		o := in.open[0]
		return progress{o.record.Offset, o.partitionTime}
	}
	return progress{in.next, in.partitionTime}
}

// seek drops what is queued and goes on at offset next.
func (in *input) seek(next int64) {
	in.queue.reset()
	in.loaded, in.null, in.original = false, false, nil
	clear(in.attempts[:])
	in.next, in.end, in.open = next, next, nil
	in.lag, in.idleSince = -1, -1
}

// rewind goes back to the last applied commit. What is to be read again adds
// to the lag: an input that was at its end and has nothing to read again, for
// which no fetch will come, stays there.
func (in *input) rewind() {
	lag := int64(-1)
	if in.lag >= 0 && in.committed.next >= 0 {
		lag = in.lag + in.end - in.committed.next
	}
	in.seek(in.committed.next)
	in.lag = lag
	in.partitionTime = in.committed.partitionTime
	in.frozen = in.next
}

// decode loads the head's record.
func (in *input) decode() (int64, error) {
	if in.null {
		return in.head.LoadNull(in.queue.head(), in.partitionTime)
	}
	return in.head.Load(in.queue.head(), in.partitionTime)
}

// waitUntil says until when others wait for this input, which is empty: 0 if
// they do not, math.MaxInt64 until records or a lag arrive.
func (in *input) waitUntil(now int64, idle time.Duration) int64 {
	if idle < 0 {
		return 0
	}
	if in.lag != 0 {
		return math.MaxInt64
	}
	if idle == 0 {
		return 0
	}
	if in.idleSince < 0 {
		in.idleSince = now
	}
	if until := in.idleSince + idle.Milliseconds(); now < until {
		return until
	}
	return 0
}
