package main

import "testing"

// Compared with all pairs of a small input.
func TestMatchesArePairsOfOneKeyWithinASecond(t *testing.T) {
	o := options{records: 200_000, keys: 5000} // two seconds
	left, right := timesByKey(leftInput, o), timesByKey(rightInput, o)
	var want int64
	for key, times := range left {
		for _, l := range times {
			for _, r := range right[key] {
				if l-1000 <= r && r <= l+1000 {
					want++
				}
			}
		}
	}
	if got := matches(o); got != want || want == 0 {
		t.Errorf("%d matches, want %d", got, want)
	}
}
