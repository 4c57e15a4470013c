package aggregate_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/serde"
)

// Stored bytes are refused or of use: what was read from them can be shown,
// added to, merged and written again.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		"", "00", "01", "02", "0108000000000000000200000000000000", "01060102 01fe 01030000000000000002",
		"0100000000000000024010000000000000", "010401010203ff",
		"01 01 07", "01 0162 00 026161", "01 02 0162 01 00", "01 01 01 05 02 01 05", "01 0c 056f02 05f201", "01 08 009105 00e203",
		"01 08" + strings.Repeat("00", 255) + "39", "01 04 01 0161 01 01 0162",
	} {
		b, _ := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		f.Add(b)
	}
	text := aggregate.New(func() string { return "" }, func(_, v string) (string, error) { return v, nil })
	targets := []func(*testing.T, []byte){
		target(f, aggregate.Combine3(text, text, text, func(a, b, c string) int { return 0 }), "x"),
		target(f, aggregate.Combine3(aggregate.Min(identity[int8]), aggregate.Avg(identity[int8]), aggregate.Count[int8](),
			func(int8, float64, int64) int { return 0 }), 7),
		target(f, aggregate.Avg(identity[int]), 7),
		target(f, aggregate.Min(identity[float32]), 7),
		target(f, aggregate.Sum(identity[uint]), 7),
		target(f, aggregate.First(identity[string]), "x"),
		target(f, aggregate.Last(identity[uint8]), 7),
		target(f, aggregate.TopN(identity[uint8], 2, ascending), 7),
		target(f, aggregate.CollectList(identity[string], 3), "x"),
		target(f, aggregate.CollectSet(identity[string], 3), "x"),
		target(f, aggregate.Distinct(identity[float32], 3), 7),
		target(f, aggregate.ApproxDistinct(identity[string], 8), "x"),
		target(f, aggregate.ApproxDistinct(identity[uint8], 0), 7),
		target(f, aggregate.Combine2(aggregate.CollectList(identity[string], 3), aggregate.CollectSet(identity[string], 3),
			func(_, _ []string) int { return 0 }), "x"),
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, check := range targets {
			check(t, b)
		}
	})
}

func target[V, A, R any](f *testing.F, a aggregate.Aggregation[V, A, R], v V) func(*testing.T, []byte) {
	s := serdeOf(f, a)
	return func(t *testing.T, b []byte) {
		acc, err := s.Decode(b)
		if err != nil {
			return
		}
		stable(t, s, b)
		a.Result(acc)
		// Each of these may be an error: a full list, an overflow.
		steps := []func(A) (A, error){func(acc A) (A, error) { return a.Add(acc, v) }}
		if a.Remove != nil {
			steps = append(steps, func(acc A) (A, error) { return a.Remove(acc, v) })
		}
		if a.Merge != nil {
			steps = append(steps, func(acc A) (A, error) { return a.Merge(acc, acc) })
		}
		for _, step := range steps {
			next, err := step(acc)
			if err != nil {
				continue
			}
			a.Result(next)
			out, err := s.Append(nil, next)
			if err != nil {
				t.Fatal(err)
			}
			stable(t, s, out)
		}
	}
}

// stable checks that what was read is written in a form that is read and
// written alike.
func stable[A any](t *testing.T, s serde.Serde[A], b []byte) {
	v, err := s.Decode(b)
	if err != nil {
		return
	}
	first, err := s.Append(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	v, err = s.Decode(first)
	if err != nil {
		t.Fatalf("%x was written as %x, which is refused: %v", b, first, err)
	}
	if second, err := s.Append(nil, v); err != nil || !bytes.Equal(first, second) {
		t.Fatalf("%x and then %x, %v", first, second, err)
	}
}
