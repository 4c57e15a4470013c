package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"
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
}

func uniform(r *rand.Rand, keys int64) func() int64 { return func() int64 { return r.Int64N(keys) } }

// skewed follows Zipf's law: of 100,000 keys the first gets an eighth of all
// records.
func skewed(r *rand.Rand, keys int64) func() int64 {
	z := rand.NewZipf(r, 1.1, 1, uint64(keys-1))
	return func() int64 { return int64(z.Uint64()) }
}

var (
	uniformInput = input{"uniform", func(o options) int64 { return o.keys }, uniform}
	skewedInput  = input{"skewed", func(o options) int64 { return o.keys }, skewed}
	manyInput    = input{"many", func(o options) int64 { return 100 * o.keys }, uniform}
)

// preload writes records to a topic. Keys are spread over its partitions by
// their number.
func preload(ctx context.Context, c *cluster, topic string, records int64, next func() int64) error {
	return c.Produce(ctx, records, func(i int64) *kgo.Record {
		n := next()
		return &kgo.Record{Topic: topic, Partition: c.partitionOf(n), Key: keyOf(n), Value: payload}
	})
}

func (c *cluster) partitionOf(n int64) int32 { return int32(n % int64(c.partitions)) }
