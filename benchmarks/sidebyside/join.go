package main

import "github.com/millrace-io/millrace/benchmarks/internal/program"

// matches is how many pairs of records the join of both inputs has: those of
// each key are walked side by side.
func matches(o options) (pairs int64) {
	left, right := timesByKey(leftInput, o), timesByKey(rightInput, o)
	within := program.JoinWithin.Milliseconds()
	for key, times := range left {
		others := right[key]
		lo, hi := 0, 0
		for _, t := range times {
			for lo < len(others) && others[lo] < t-within {
				lo++
			}
			for hi < len(others) && others[hi] <= t+within {
				hi++
			}
			pairs += int64(hi - lo)
		}
	}
	return pairs
}

// timesByKey are the event times of an input's records, in milliseconds.
func timesByKey(in input, o options) map[int64][]int64 {
	next, times := in.numbers(o), map[int64][]int64{}
	for i := range in.records(o) {
		key := next()
		times[key] = append(times[key], timeOf(i).UnixMilli())
	}
	return times
}
