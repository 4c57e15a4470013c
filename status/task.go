package status

import (
	"fmt"
	"time"
)

// Task is one task on this instance.
type Task struct {
	ID          string `json:"id"` // "<subtopology>_<partition>"
	Subtopology int    `json:"subtopology"`
	Partition   int32  `json:"partition"`
	State       State  `json:"state"`
	Worker      int    `json:"worker"` // -1 if none has it yet
	Error       string `json:"error,omitempty"`

	// BufferedRecords and BufferedBytes wait in the task's queues.
	BufferedRecords int64 `json:"buffered_records"`
	BufferedBytes   int64 `json:"buffered_bytes"`
	// StreamTimeMs is the highest event time seen, or what the watermarks of the
	// inputs allow, in milliseconds since the Unix epoch; -1 before the first
	// record.
	StreamTimeMs int64 `json:"stream_time_ms"`
	// Processed are the records processed since the task started here.
	Processed uint64 `json:"processed"`
	// Dropped counts the records dropped since the task started here, by
	// reason. Reasons that never came up are left out.
	Dropped map[string]uint64 `json:"dropped,omitempty"`

	Inputs []Input `json:"inputs"`           // by topic
	Stores []Store `json:"stores,omitempty"` // by name
	// Restores are the stores that are being read back, by name.
	Restores []Progress `json:"restores,omitempty"`

	// LastCommit is when a commit that contained the task was acknowledged;
	// zero before the first.
	LastCommit time.Time `json:"last_commit,omitzero"`
}

// Input is the partition of one topic that a task reads: the partition whose
// number is the task's.
type Input struct {
	Topic string `json:"topic"`
	// Position is the offset after the last record that was processed,
	// Committed the one that the group would go on from.
	Position  int64 `json:"position"`
	Committed int64 `json:"committed"`
	// End is the last stable offset as of the last fetch, -1 if not known yet.
	End             int64 `json:"end"`
	BufferedRecords int64 `json:"buffered_records"`
	Paused          bool  `json:"paused"` // not fetched, because its queue is full

	// WatermarkMs is how far event time has come in the partition, in
	// milliseconds since the Unix epoch; -1 before the first record, and if the
	// source has no watermark.
	WatermarkMs int64 `json:"watermark_ms"`
	// HoldsBack says that the task's stream time waits for this partition: its
	// watermark is the lowest. Idle says that it no longer does, since there
	// was nothing to read.
	HoldsBack bool `json:"holds_back,omitempty"`
	Idle      bool `json:"idle,omitempty"`
	// Disordered counts the records since the task started here that were not
	// later than those before them, if the source says that they are.
	Disordered uint64 `json:"disordered,omitempty"`
}

// Lag is how many offsets lie between Position and End; -1 if End is not known.
// Transaction markers take up offsets too.
func (in Input) Lag() int64 {
	if in.End < 0 {
		return -1
	}
	return max(in.End-in.Position, 0)
}

// Store is the size of one store of a task.
type Store struct {
	Name      string `json:"name"`
	Entries   int64  `json:"entries"` // committed ones; backends on disk estimate
	DiskBytes int64  `json:"disk_bytes"`
	// UncommittedBytes is what the running transactions have written.
	UncommittedBytes int64 `json:"uncommitted_bytes"`
	// Changelog is the topic that backs the store, "" if there is none, and
	// Position the offset in it after the last write that the store contains.
	Changelog string `json:"changelog,omitempty"`
	Position  int64  `json:"position"`
}

// Progress is how far reading back one store of a task has come. All offsets
// are of its changelog partition.
type Progress struct {
	Store     string    `json:"store"`
	Partition int32     `json:"partition"`
	Start     int64     `json:"start"`    // where this restore began
	Position  int64     `json:"position"` // the next offset to read
	End       int64     `json:"end"`      // where it will be done
	Records   int64     `json:"records"`  // written so far; compaction leaves gaps
	Started   time.Time `json:"started,omitzero"`
}

// Remaining is the number of offsets still to read.
func (p Progress) Remaining() int64 { return max(p.End-p.Position, 0) }

// Percent is how much is done, in whole percent; 100 only when nothing remains.
func (p Progress) Percent() int {
	total := p.End - p.Start
	if total <= 0 || p.Remaining() == 0 {
		return 100
	}
	return min(99, int(100*float64(max(p.Position-p.Start, 0))/float64(total)))
}

// ETA is how long the rest takes at the speed so far; ok is false as long as
// there is no speed to go by.
func (p Progress) ETA(now time.Time) (d time.Duration, ok bool) {
	if p.Remaining() == 0 {
		return 0, true
	}
	done, spent := p.Position-p.Start, now.Sub(p.Started)
	if done <= 0 || spent <= 0 || p.Started.IsZero() {
		return 0, false
	}
	const century = 100 * 365 * 24 * time.Hour // more would overflow a Duration
	rest := float64(spent) / float64(done) * float64(p.Remaining())
	return time.Duration(min(rest, float64(century))), true
}

// String returns, for example, "counts-4 61%".
func (p Progress) String() string {
	return fmt.Sprintf("%s-%d %d%%", p.Store, p.Partition, p.Percent())
}
