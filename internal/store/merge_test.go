package store_test

import (
	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/state"
)

// flights are what a model keeps of batches that are not in the base yet.
type flights struct {
	seqs    []uint64
	batches []*state.Batch
}

// full says that there are as many as a worker may have, and some that have
// committed and wait.
func (f *flights) full() bool { return len(f.seqs) == 4 }

func (f *flights) add(seq uint64, b *state.Batch) {
	f.seqs, f.batches = append(f.seqs, seq), append(f.batches, b)
}

// take takes the oldest n off, merged to one, of which no row may be there
// twice, save that of the stream time. It returns the number of the last one.
func (f *flights) take(t *rapid.T, s graph.Merger, n int) (merged *state.Batch, seq uint64) {
	merged, seq = &state.Batch{}, f.seqs[n-1]
	s.Merge(f.seqs[:n], f.batches[:n], merged)
	seen := map[string]bool{}
	for i := range merged.Len() {
		w := merged.At(i)
		if key := string(w.Key); w.To == nil && key != "\x00" {
			if seen[key] {
				t.Fatalf("%q is merged twice", key)
			}
			seen[key] = true
		}
	}
	f.seqs, f.batches = f.seqs[n:], f.batches[n:]
	return merged, seq
}
