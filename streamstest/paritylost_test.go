package streamstest_test

import (
	"fmt"
	"slices"
	"strings"
)

// finals are the topologies that emit when windows close, with their windows in
// milliseconds. Kafka Streams loses some of their rows: a record first goes into
// its own windows, then the closed ones are sent on, and what the store has
// forgotten by then is gone, because the stream time leapt over it. The store
// forgets a window once one that begins later by more than size and grace has a
// row. Millrace sends those rows on; the comparison leaves them out, and nothing
// else.
//
//	stream time        102 -> 138, size 10, grace 5
//	[100,110)          |-um-|
//	[130,140)                      |-yn-|     puts 130: all before 115 is forgotten,
//	                                          then all up to 133 would be sent on
var finals = map[string]struct{ size, advance, grace int64 }{
	"tumbling-final": {10, 10, 5},
	"hopping-final":  {12, 4, 8},
}

// lost returns a function that leaves out of the rows of one record what Kafka
// Streams has lost. It is told the times of the records that have a key.
func lost(topology string) func(timeMs int64, hasKey bool, rows [][3]any) [][3]any {
	w, final := finals[topology]
	newest := int64(-1) // the highest start of a window with a row
	return func(timeMs int64, hasKey bool, rows [][3]any) [][3]any {
		if !final {
			return rows
		}
		if hasKey {
			newest = max(newest, timeMs/w.advance*w.advance)
		}
		return slices.DeleteFunc(rows, func(row [3]any) bool {
			var start, end int64
			key := row[0].(string)
			if _, err := fmt.Sscanf(key[strings.LastIndex(key, "@"):], "@[%d,%d)", &start, &end); err != nil {
				panic(err)
			}
			return start < newest-w.size-w.grace
		})
	}
}
