package changelog

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/millrace-io/millrace/state"
)

// BenchmarkRun gathers a million records of 250,000 keys and sorts them.
func BenchmarkRun(b *testing.B) {
	const keys, updates = 250_000, 4
	for _, c := range []struct {
		name string
		next func(i int) int
	}{
		{"in_turn", func(i int) int { return i % keys }},
		{"by_chance", func(int) int { return rand.IntN(keys) }},
		{"distinct", func(i int) int { return i }},
	} {
		records := make([]state.Write, keys*updates)
		for i := range records {
			records[i] = state.Write{Key: fmt.Appendf(nil, "k%08d", c.next(i)*4), Value: binary.BigEndian.AppendUint64(nil, uint64(i)), Time: int64(i)}
		}
		b.Run(c.name, func(b *testing.B) {
			rows, err := state.Timestamped.Restoring(nil, 0)
			if err != nil {
				b.Fatal(err)
			}
			var r run
			b.ReportAllocs()
			for b.Loop() {
				r.reset()
				for _, w := range records {
					r.add(rows, w)
				}
				r.finish(rows)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(records)), "ns/record")
		})
	}
}
