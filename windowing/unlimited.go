package windowing

import "time"

// Unlimited is one window that begins at a time and never ends, as Kafka
// Streams' UnlimitedWindows. What is from before that is late. It never closes
// and is never forgotten: its grace is of no use, rows cannot be sent on when
// it closes, and the changelog keeps the row of each key.
//
//	from
//	|-------------------------------------->
//
// By example: internal/corpus/testdata/unlimited.txt.
func Unlimited(from time.Time) TimeWindows { return Custom(unlimited(from.UnixMilli())) }

// unlimited is a Scheme: the start of its window.
type unlimited int64

func (u unlimited) Starts(dst []int64, timeMs int64) []int64 {
	if timeMs < int64(u) {
		return dst
	}
	return append(dst, int64(u))
}

func (u unlimited) End(int64) int64 { return endOfTime }

func (u unlimited) Longest() time.Duration { return 0 }

func (u unlimited) String() string {
	return "unlimited from " + time.UnixMilli(int64(u)).UTC().Format(time.RFC3339Nano)
}
