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
//	                 stores    shows            of nothing  Merge     Remove
//	                                                        sessions  tables
//	Count            int64     int64            0           yes       yes
//	Sum              number    number           0           yes       yes
//	Avg              Mean      float64          0           yes       yes
//	Min, Max         Extreme   number           0           yes       no
//	First, Last      Extreme   part             zero value  yes       no
//	TopN             List      parts            empty       yes       no
//	Distinct         Set       int64            0           yes       yes
//	ApproxDistinct   Sketch    int64            0           yes       no
//	CollectList      List      parts            empty       yes       if == compares them
//	CollectSet       Set       parts            empty       yes       yes
//	Where(has, a)    as a      as a             as a        as a      as a
//	Combine2 to 6    Acc2      what you make    of these    if all parts can
//	New              yours     what is stored   yours       if set    if set
//
// What cannot remove has forgotten what would come next: the second smallest,
// the one before the last, who else raised a register. First, Last and the ties
// of TopN go by the order of processing, in which a merge puts the earlier
// session first.
//
// Distinct, CollectList and CollectSet have a limit, and a value beyond it is
// an error of the class processor.Process: nothing is dropped in silence.
//
// # Nulls
//
// Operators leave out records whose value is null before they get here. Of a
// value with parts that can be null, such as a nil pointer, SQL's aggregations
// skip the nulls. Where does that for any aggregation, and says by which test:
//
//	                             SQL              here
//	count(*)                     all rows         Count
//	count(x)                     x is not null    Where(hasX, Count)
//	sum(x), avg(x)               x is not null    Where(hasX, Sum(x)), Where(hasX, Avg(x))
//	min(x), max(x)               x is not null    Where(hasX, Min(x)), Where(hasX, Max(x))
//	count(distinct x)            x is not null    Where(hasX, Distinct(x)), Where(hasX, ApproxDistinct(x))
//	collect_list(x), _set(x)     x is not null    Where(hasX, CollectList(x)), Where(hasX, CollectSet(x))
//	first(x), last(x)            nulls too        First(x), Last(x); without nulls in a Where
//	order by x desc limit n      nulls too        TopN(x); without nulls in a Where
//	f(x) filter (...)            if the filter    Where(filter, f(x))
//	several in one select        each for itself  Combine2 to 6, with a Where in any part
//
// Of no rows, or of nulls only, SQL's count is 0 and its sum, avg, min, max,
// first and last are NULL. A result here is a plain number, which has no such
// thing: it is 0, or the zero value. Where that matters, combine with a count,
// which says whether there was anything; ExampleWhere does.
//
// # Accumulators
//
// The accumulators of this package are values that are never changed in place.
// Copies share their memory, and rows stay decoded between commits, if what
// they hold is free of pointers, slices and maps; else each access decodes the
// row. A result belongs to who gets it. Bytes are in docs/formats.md.
//
// The package knows nothing of streams, windows, stores or time.
package aggregate
