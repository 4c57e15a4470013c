package main

import (
	"math/rand/v2"
	"time"
)

// schedule says which record is sent when.
type schedule struct {
	start time.Time
	gap   time.Duration // between two records
	keys  []int64       // of the records in order
	warm  int64         // records that are not measured
	of    [][]int64     // the records of each key, in order
}

func newSchedule(o options, rate int) *schedule {
	n := min(o.records, int64(rate)*int64(o.seconds))
	s := &schedule{gap: time.Second / time.Duration(rate), warm: n / 3, of: make([][]int64, o.keys)}
	next := uniform(rand.New(rand.NewPCG(3, 4)), o.keys)
	for i := range n {
		key := next()
		s.keys = append(s.keys, key)
		s.of[key] = append(s.of[key], i)
	}
	return s
}

func (s *schedule) total() int64 { return int64(len(s.keys)) }

// distinct is the number of keys that occur.
func (s *schedule) distinct() (n int) {
	for _, records := range s.of {
		n += min(len(records), 1)
	}
	return n
}

// due is when record i is to be sent, and its timestamp.
func (s *schedule) due(i int64) time.Time { return s.start.Add(time.Duration(i) * s.gap) }

// record is the one that made the count of a key n, false if there is none.
func (s *schedule) record(key, n int64) (int64, bool) {
	if key >= int64(len(s.of)) || n < 1 || n > int64(len(s.of[key])) {
		return 0, false
	}
	return s.of[key][n-1], true
}

func (s *schedule) isLast(key, n int64) bool { return n == int64(len(s.of[key])) }
