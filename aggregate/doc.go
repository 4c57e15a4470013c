// Package aggregate holds aggregations as values: how records become one
// result, apart from where that happens. The same value works on a grouped
// stream, in windows, in sessions and on a grouped table.
//
//	record --Add--> accumulator --Result--> what the table shows
//	                 |       |
//	               Bytes   Merge, Remove
//	                 v
//	        store and changelog
//
// A use, with a combination that keeps both parts in one row:
//
//	type Stats struct {
//		N     int64
//		Total float64
//	}
//
//	stats := aggregate.Combine2(
//		aggregate.Count[Event](),
//		aggregate.Sum(func(e Event) float64 { return e.Amount }),
//		func(n int64, total float64) Stats { return Stats{n, total} })
//
// What an aggregation can do decides where it can be used, and a use that
// needs more is an error when the topology is built:
//
//	        accumulator   Merge (sessions)   Remove (tables)
//	Count   int64         yes                yes
//	Sum     the number    yes                yes
//	Avg     Mean          yes                yes
//	Min     Extreme       yes                no: it does not know the next smallest
//	Max     Extreme       yes                no
//	New     yours         if set             if set
//	Combine Acc2          if all parts do    if all parts do
//
// The package knows nothing of streams, windows, stores or time.
package aggregate
