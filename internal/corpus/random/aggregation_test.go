package random

import (
	"fmt"
	"slices"
)

// aggregation is one of package aggregate's, as data.
type aggregation string

const (
	counted  aggregation = "count"
	summed   aggregation = "sum"
	distinct aggregation = "distinct"
	even     aggregation = "where(even, count)"
	stats    aggregation = "combine(sum, where(even, count))"
	top      aggregation = "combine(count, top 2)"
	first    aggregation = "first"
	latest   aggregation = "last"
	reset    aggregation = "sum, deleted now and then"
)

var (
	aggregations = []aggregation{counted, summed, distinct, even, stats, top, first, latest, reset}
	removable    = []aggregation{counted, summed, distinct, even, stats}
	windowable   = []aggregation{stats, reset} // of sessions the first one: it is mergeable
)

// result is the kind of its results.
func (a aggregation) result() kind {
	if slices.Contains([]aggregation{stats, top, first, latest}, a) {
		return text
	}
	return number
}

// commutes says that the order of values does not matter.
func (a aggregation) commutes() bool { return a != first && a != latest && a != reset }

// deletes says that a value deletes the row.
func (a aggregation) deletes(value any) bool { return a == reset && mod(asNumber(value), 4) == 3 }

// of is the result for the values that are in a row, in the order in which
// they came. gone are values that were taken out without having been in.
func (a aggregation) of(values, gone []any) any {
	total, evens := int64(0), int64(0)
	var numbers []int64
	for _, v := range values {
		n := asNumber(v)
		total += n
		numbers = append(numbers, n)
		if isEven(n) {
			evens++
		}
	}
	for _, v := range gone {
		n := asNumber(v)
		total -= n
		if isEven(n) {
			evens--
		}
	}
	switch a {
	case counted:
		return int64(len(values) - len(gone))
	case distinct:
		slices.Sort(numbers)
		return int64(len(slices.Compact(numbers)))
	case even:
		return evens
	case stats:
		return statsText(total, evens)
	case top:
		slices.Sort(numbers)
		slices.Reverse(numbers)
		return topText(int64(len(values)), numbers[:min(2, len(numbers))])
	case first:
		return asText(values[0])
	case latest:
		return asText(values[len(values)-1])
	}
	return total
}

func isEven(n int64) bool { return n%2 == 0 }

func statsText(total, evens int64) string { return fmt.Sprintf("%d/%d", total, evens) }

func topText(n int64, greatest []int64) string { return fmt.Sprintf("%d:%v", n, greatest) }
