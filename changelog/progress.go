package changelog

import "sync/atomic"

// Drop says why a restore threw away what a store had.
type Drop uint8

// The reasons for starting over. All but the first mean that the store was
// cleared and read from the start of its changelog.
const (
	Kept       Drop = iota // nothing was dropped; the store may have been empty
	Unknown                // the store held data and no position
	Recreated              // its position belongs to another incarnation of the topic
	OutOfRange             // its position is outside of the changelog
	TooOld                 // tombstones since its position may be gone, which would leave ghost keys
)

var dropNames = [...]string{"kept", "unknown_position", "topic_recreated", "out_of_range", "too_old"}

// String returns the reason as logs and metrics show it.
func (d Drop) String() string {
	if int(d) < len(dropNames) {
		return dropNames[d]
	}
	return "unknown"
}

// Result says how far a restore has come, or came.
type Result struct {
	Start    int64 // the offset at which it began
	Position int64 // the next offset to load
	End      int64 // the offset to reach
	Records  int64 // records loaded, tombstones and what was dropped on the way included
	Bytes    int64 // keys and values of these records
	Dropped  Drop
}

// Remaining is the number of offsets still to pass; fewer records, usually.
func (r Result) Remaining() int64 { return max(0, r.End-r.Position) }

// Progress is a Result that is read while the restore runs. The zero value is
// ready; one Progress serves one restore.
type Progress struct {
	start, position, end, records, bytes atomic.Int64
	dropped                              atomic.Uint32
}

// Now returns the present figures. Each is current; together they may be torn.
func (p *Progress) Now() Result {
	return Result{
		Start: p.start.Load(), Position: p.position.Load(), End: p.end.Load(),
		Records: p.records.Load(), Bytes: p.bytes.Load(), Dropped: Drop(p.dropped.Load()),
	}
}

func (p *Progress) begin(start, end int64) {
	p.start.Store(start)
	p.position.Store(start)
	p.end.Store(end)
}
