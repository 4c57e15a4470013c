package main

import (
	"testing"
	"time"
)

func TestScheduleKnowsTheRecordOfEachCount(t *testing.T) {
	s := newSchedule(options{records: 1000, keys: 10, seconds: 30}, 5000)
	if s.total() != 1000 || s.warm != 333 || s.gap != 200*time.Microsecond {
		t.Errorf("%d records, %d to warm up, %s apart", s.total(), s.warm, s.gap)
	}
	counts := map[int64]int64{}
	lasts := 0
	for i, key := range s.keys {
		counts[key]++
		if got, ok := s.record(key, counts[key]); !ok || got != int64(i) {
			t.Fatalf("count %d of key %d is of record %d, want %d", counts[key], key, got, i)
		}
		if s.isLast(key, counts[key]) {
			lasts++
		}
	}
	if lasts != s.distinct() || s.distinct() != 10 {
		t.Errorf("%d last counts of %d keys, want 10", lasts, s.distinct())
	}
	for _, key := range []int64{0, 10, 99} {
		if _, ok := s.record(key, counts[key]+1); ok {
			t.Errorf("key %d: a count that nobody made has a record", key)
		}
	}
	if _, ok := s.record(0, 0); ok {
		t.Error("a count of zero has a record")
	}
	s.start = time.UnixMilli(1000)
	if got := s.due(5); got != time.UnixMilli(1001) {
		t.Errorf("record 5 is due at %s", got)
	}
}

func TestScheduleEndsWithTheTime(t *testing.T) {
	if s := newSchedule(options{records: 1 << 40, keys: 5, seconds: 2}, 500); s.total() != 1000 {
		t.Errorf("%d records in 2 s at 500 per second", s.total())
	}
}
