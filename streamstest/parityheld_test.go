package streamstest_test

import (
	"cmp"
	"slices"
	"strings"
)

// held makes of the rows that a record gives those that Kafka Streams gives with
// it.
//
// Left and outer joins send on a record without a match as soon as the stream time
// says that none can come, Kafka Streams when it next looks for such. It looks
// with a record only that is no null and brings the stream time on, once a second
// of the wall clock, and when the row at which the last look ended has waited long
// enough (minTime in KStreamKStreamJoin.emitNonJoinedOuterRecords). With two open
// sides to find before it ends, that is the last row of all in a left join:
//
//	a@1  b@4      c@9     stream time   the look ends at   and the next one is
//	a is decided          12            c@9                when c is decided
//	b is decided          15                               not yet: b waits
//	c is decided          20                               now: b and c
//
// Then it sends on all of them: by time, right ones first, and by key. This is not
// copied (docs/joins.md says why): what is remembered is lost with a restart, and
// results would wait for records of other keys, which a look at the right moment
// spares. So ours wait here until the trace has some, and must be the same then, in
// that order, all of them and no other: ours are never later.
func held(topology string) func(want, got [][3]any) [][3]any {
	if topology != "stream-stream-left" && topology != "stream-stream-outer" {
		return func(_, got [][3]any) [][3]any { return got }
	}
	var early [][3]any
	return func(want, got [][3]any) [][3]any {
		var rows [][3]any
		for _, row := range got {
			if waited(row) {
				early = append(early, row)
			} else {
				rows = append(rows, row)
			}
		}
		if !slices.ContainsFunc(want, waited) {
			return rows
		}
		slices.SortStableFunc(early, func(a, b [3]any) int {
			return cmp.Or(cmp.Compare(a[2].(float64), b[2].(float64)), cmp.Compare(side(a), side(b)), cmp.Compare(a[0].(string), b[0].(string)))
		})
		rows, early = append(early, rows...), nil
		return rows
	}
}

// waited says whether a row is that of a record which has waited for a match. One
// with a null key has not.
func waited(row [3]any) bool {
	v, _ := row[1].(string)
	return row[0] != nil && (side(row) == 0 || strings.HasSuffix(v, "|-"))
}

// side is 0 for the row of a right record without a match.
func side(row [3]any) int {
	if v, _ := row[1].(string); strings.HasPrefix(v, "-|") {
		return 0
	}
	return 1
}
