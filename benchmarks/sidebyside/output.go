package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/benchmarks/internal/program"
)

// output is what a run wrote to its output topic.
type output struct {
	records     int64             // committed records
	last        map[int64][]int64 // for each window's start the last count of each key's number; 0 is a count without windows
	first, done time.Time         // when the first record, and when all were committed; zero if the log does not tell
}

// count is the last count of a key's number, without windows.
func (o *output) count(number int64) int64 {
	if counts := o.last[0]; number < int64(len(counts)) {
		return counts[number]
	}
	return 0
}

// sum is the sum of the final counts.
func (o *output) sum() (sum int64) {
	for _, counts := range o.last {
		for _, n := range counts {
			sum += n
		}
	}
	return sum
}

// check compares what was written with what was read.
func (o *output) check(w workload, opts options) error {
	got, want := o.records, w.results(opts)
	if counting(w.topology) {
		got = o.sum()
	}
	if got != want {
		return fmt.Errorf("the result is wrong: of %d records, %d should have come out, %d did", opts.records, want, got)
	}
	return nil
}

// readOutput reads a topic with append times to its end. It keeps control
// records: their time is when a transaction was committed, and they end logs.
func (c *cluster) readOutput(ctx context.Context, topic, topology string) (*output, error) {
	ends, err := c.ends(ctx, topic)
	if err != nil {
		return nil, err
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.Addrs...), kgo.ConsumeTopics(topic), kgo.KeepControlRecords(),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	var left int
	for _, end := range ends {
		if end > 0 {
			left++
		}
	}
	out := &output{last: map[int64][]int64{}}
	var plain, marked span
	for left > 0 {
		fetches := pollWithin(ctx, cl)
		if err := fetches.Err0(); err != nil {
			return nil, fmt.Errorf("read back %s: %w", topic, err)
		}
		var bad error
		fetches.EachRecord(func(r *kgo.Record) {
			if r.Offset == ends[r.Partition]-1 {
				left--
			}
			switch {
			case !r.Attrs.IsControl():
				if r.Attrs.TimestampType() == logAppendTime {
					plain.add(r.Timestamp)
				}
				if err := out.add(r, topology); err != nil {
					bad = err
				}
			case commits(r):
				marked.add(r.Timestamp)
			}
		})
		if bad != nil {
			return nil, bad
		}
	}
	if marked.first.IsZero() {
		marked = plain // without transactions records are visible when they are there
	}
	out.first, out.done = marked.first, marked.last
	return out, nil
}

func (o *output) add(r *kgo.Record, topology string) error {
	o.records++
	if !counting(topology) {
		return nil
	}
	var start int64
	if topology != program.Count {
		n := len(r.Key) - 8
		if n < 0 {
			return fmt.Errorf("key %q is of no window", r.Key)
		}
		start, r.Key = int64(binary.BigEndian.Uint64(r.Key[n:])), r.Key[:n]
	}
	key, err := numberOf(r.Key)
	if err != nil {
		return err
	}
	count, err := countOf(r.Value)
	counts := o.last[start]
	if int(key) >= len(counts) {
		counts = append(counts, make([]int64, int(key)+1-len(counts))...)
		o.last[start] = counts
	}
	counts[key] = count
	return err
}

// counting says whether what a topology writes are counts.
func counting(topology string) bool { return topology != program.Pass && topology != program.Join }

// countOf decodes the value of an output record of the count.
func countOf(value []byte) (int64, error) {
	if len(value) != 8 {
		return 0, fmt.Errorf("a count of %d bytes, want 8", len(value))
	}
	return int64(binary.BigEndian.Uint64(value)), nil
}

// logAppendTime is what records say whose time the broker has set.
const logAppendTime = 1

// commits tells a commit marker from an abort marker: the key of a control
// record is its version and its type, two bytes each.
func commits(r *kgo.Record) bool { return len(r.Key) == 4 && binary.BigEndian.Uint16(r.Key[2:]) == 1 }

// span is the first and the last of some times.
type span struct{ first, last time.Time }

func (s *span) add(t time.Time) {
	if s.first.IsZero() || t.Before(s.first) {
		s.first = t
	}
	if t.After(s.last) {
		s.last = t
	}
}
