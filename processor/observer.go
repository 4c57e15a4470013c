package processor

import (
	"fmt"
	"time"
)

// Observer is a set of functions that are told what an application does. Any
// of them may be nil. They are called on the goroutine where it happens and
// must not block.
type Observer struct {
	OnState     func(StateInfo)
	OnRebalance func(RebalanceInfo)
	OnRestore   func(RestoreInfo)
	OnCommit    func(CommitInfo)
	OnError     func(*Error, Action)
}

// StateInfo is a change of the application's state.
type StateInfo struct {
	From, To string
	Err      error // the cause of a failure
}

// String returns one line.
func (i StateInfo) String() string {
	if i.Err != nil {
		return fmt.Sprintf("state %s -> %s: %v", i.From, i.To, i.Err)
	}
	return fmt.Sprintf("state %s -> %s", i.From, i.To)
}

// RebalanceInfo is one callback of the consumer group.
type RebalanceInfo struct {
	Phase      string // "assign", "revoke" or "lost"
	Generation int32
	Tasks      []TaskID // tasks that came or went
	Duration   time.Duration
}

// String returns one line.
func (i RebalanceInfo) String() string {
	return fmt.Sprintf("rebalance %s in generation %d: tasks %v in %s", i.Phase, i.Generation, i.Tasks, i.Duration)
}

// RestoreInfo is one store that was read back from its changelog.
type RestoreInfo struct {
	Task     TaskID
	Store    string
	From, To int64 // offsets
	Records  int64
	Dropped  string // why local state was thrown away first, "" if it was not
	Duration time.Duration
	Err      error
}

// String returns one line.
func (i RestoreInfo) String() string {
	s := fmt.Sprintf("restore %s of task %s: %d records, offsets %d to %d, in %s", i.Store, i.Task, i.Records, i.From, i.To, i.Duration)
	if i.Dropped != "" {
		s += ", local state dropped: " + i.Dropped
	}
	if i.Err != nil {
		s += ": " + i.Err.Error()
	}
	return s
}

// CommitInfo is one transaction, or one commit under at least once.
type CommitInfo struct {
	Worker    int
	Sequence  uint64
	Tasks     int
	Records   int  // input records
	Produced  int  // output and changelog records
	Committed bool // false if it was aborted
	Duration  time.Duration
	Err       error // why it was aborted
}

// String returns one line.
func (i CommitInfo) String() string {
	if !i.Committed {
		return fmt.Sprintf("commit %d of worker %d aborted: %v", i.Sequence, i.Worker, i.Err)
	}
	return fmt.Sprintf("commit %d of worker %d: %d tasks, %d records in, %d out, in %s", i.Sequence, i.Worker, i.Tasks, i.Records, i.Produced, i.Duration)
}
