package main

import (
	"encoding/binary"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/benchmarks/internal/program"
)

// loop turns what was fetched into records to produce.
type loop struct {
	p      *program.Program
	counts map[string]*int64 // nil unless it counts
	failed atomic.Pointer[error]
}

func newLoop(p *program.Program) *loop {
	l := &loop{p: p}
	if p.Topology == program.Count {
		l.counts = map[string]*int64{}
	}
	return l
}

// transform hands one output record after the other to produce. The structs and
// the counts of a poll share two allocations.
func (l *loop) transform(fetches kgo.Fetches, produce func(*kgo.Record)) {
	n := fetches.NumRecords()
	if n == 0 {
		return
	}
	l.p.Processing()
	records := make([]kgo.Record, n)
	var values []byte
	if l.counts != nil {
		values = make([]byte, 8*n)
	}
	fetches.EachRecord(func(in *kgo.Record) {
		out := &records[0]
		if l.counts == nil {
			if in.Value[0] == '-' {
				return
			}
			in.Value[0] = '+' // the fetched bytes are nobody else's
			out.Value = in.Value
		} else {
			out.Value, values = values[:8:8], values[8:]
			binary.BigEndian.PutUint64(out.Value, uint64(l.count(in.Key)))
		}
		records = records[1:]
		out.Key, out.Timestamp = in.Key, in.Timestamp
		produce(out)
	})
}

func (l *loop) count(key []byte) int64 {
	n := l.counts[string(key)]
	if n == nil {
		n = new(int64)
		l.counts[string(key)] = n
	}
	*n++
	return *n
}

// produced is the promise of every record. It keeps the first failure.
func (l *loop) produced(_ *kgo.Record, err error) {
	if err != nil {
		l.failed.CompareAndSwap(nil, &err)
	}
}

// failure is the first failure to produce.
func (l *loop) failure() error {
	if err := l.failed.Load(); err != nil {
		return *err
	}
	return nil
}
