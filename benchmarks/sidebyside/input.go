package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/benchmarks/internal/program"
)

// valueBytes is the size of a record's value.
const valueBytes = 100

// payload is the value of all records: they are not compressed, so that it
// does not matter that they are alike.
var payload = bytes.Repeat([]byte("millrace-"), valueBytes)[:valueBytes]

// keyOf is the key of number n.
func keyOf(n int64) []byte { return fmt.Appendf(nil, "k%08d", n) }

// numberOf is the number of a key.
func numberOf(key []byte) (int64, error) {
	if len(key) < 2 || key[0] != 'k' {
		return 0, fmt.Errorf("key %q is not of the input", key)
	}
	return strconv.ParseInt(string(key[1:]), 10, 64)
}

// input draws the numbers of keys. It is the same at each run.
type input struct {
	name string
	keys func(o options) int64
	draw func(r *rand.Rand, keys int64) func() int64
	// timed gives records event times that have nothing to do with when they are
	// written: see timeOf. The others have the time of writing.
	timed bool
	// half of the records are in this input: a join has two, which differ.
	half bool
	seed uint64
}

// records is how many an input has.
func (in input) records(o options) int64 {
	if in.half {
		return o.records / 2
	}
	return o.records
}

// numbers returns a function that draws the numbers of an input's keys.
func (in input) numbers(o options) func() int64 {
	return in.draw(rand.New(rand.NewPCG(1+in.seed, 2)), in.keys(o))
}

// Event times begin at a window's start, and go on by step: 3 million records
// last a minute.
const step = 20 * time.Microsecond

var eventTimes = time.Now().Add(-time.Hour).Truncate(program.WindowSize)

// timeOf is the event time of record i.
func timeOf(i int64) time.Time { return eventTimes.Add(time.Duration(i) * step) }

// closed is how many of the first records are in windows that have closed when
// all of them have been read. It supposes that the input does not end just when
// a window closes: some partitions would have to wait for another record.
func closed(o options) int64 {
	open := timeOf(o.records - 1).Add(-program.WindowGrace).Truncate(program.WindowSize)
	return max(0, int64(open.Sub(eventTimes)/step))
}

func uniform(r *rand.Rand, keys int64) func() int64 { return func() int64 { return r.Int64N(keys) } }

// skewed follows Zipf's law: of 100,000 keys the first gets an eighth of all
// records.
func skewed(r *rand.Rand, keys int64) func() int64 {
	z := rand.NewZipf(r, 1.1, 1, uint64(keys-1))
	return func() int64 { return int64(z.Uint64()) }
}

var (
	uniformInput = input{name: "uniform", keys: func(o options) int64 { return o.keys }, draw: uniform}
	skewedInput  = input{name: "skewed", keys: func(o options) int64 { return o.keys }, draw: skewed}
	manyInput    = input{name: "many", keys: func(o options) int64 { return 100 * o.keys }, draw: uniform}
	timedInput   = input{name: "timed", keys: func(o options) int64 { return o.keys }, draw: uniform, timed: true}
	leftInput    = input{name: "left", keys: func(o options) int64 { return o.keys }, draw: uniform, timed: true, half: true}
	rightInput   = input{name: "right", keys: func(o options) int64 { return o.keys }, draw: uniform, timed: true, half: true, seed: 1}
)

// preload writes records to a topic. Keys are spread over its partitions by
// their number.
func preload(ctx context.Context, c *cluster, topic string, records int64, in input, next func() int64) error {
	return c.Produce(ctx, records, func(i int64) *kgo.Record {
		n := next()
		r := &kgo.Record{Topic: topic, Partition: c.partitionOf(n), Key: keyOf(n), Value: payload}
		if in.timed {
			r.Timestamp = timeOf(i)
		}
		return r
	})
}

func (c *cluster) partitionOf(n int64) int32 { return int32(n % int64(c.partitions)) }
