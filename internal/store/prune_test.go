package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// flights are what a model keeps of batches that are not in the base yet.
type flights struct {
	seqs    []uint64
	batches []*state.Batch
	// How many of them have committed: and are without what lingers, or what others
	// of these write again.
	released, compacted int
}

// full says that there are as many as a worker may have, and some that have
// committed and wait.
func (f *flights) full() bool { return len(f.seqs) == 4 }

func (f *flights) add(seq uint64, b *state.Batch) {
	f.seqs, f.batches = append(f.seqs, seq), append(f.batches, b)
}

func (f *flights) committed() int { return max(f.released, f.compacted) }

// release has a view of rows that linger keep those of one more flight to itself.
func (f *flights) release(l graph.Lingerer) {
	rest := new(state.Batch)
	l.Release(f.seqs[f.released], f.batches[f.released], rest)
	f.batches[f.released] = rest
	f.released++
}

// take takes the oldest n off, pruned, of which no row may be there twice, save
// that of the stream time. It returns the number of the last one.
func (f *flights) take(t *rapid.T, s graph.TaskStore, n int) (pruned []*state.Batch, seq uint64) {
	pruned, seq = f.batches[:n], f.seqs[n-1]
	switch s := s.(type) {
	case graph.Pruner:
		s.Prune(f.seqs[:n], pruned)
	case graph.Lingerer:
		for f.released < n {
			f.release(s)
		}
		if err := s.Encode(f.seqs[:n], pruned); err != nil {
			t.Fatal(err)
		}
	}
	f.released, f.compacted = max(0, f.released-n), max(0, f.compacted-n)
	seen := map[string]bool{}
	for _, b := range pruned {
		for i := range b.Len() {
			w := b.At(i)
			if key := string(w.Key); w.To == nil && key != "\x00" {
				if seen[key] {
					t.Fatalf("%q is written twice", key)
				}
				seen[key] = true
			}
		}
	}
	f.seqs, f.batches = f.seqs[n:], f.batches[n:]
	return pruned, seq
}

// A session that comes, goes and comes again is one row and one of the index,
// however many transactions that took.
func TestSessionsArePrunedWithTheirIndex(t *testing.T) {
	for n, want := range map[int]string{1: "set set", 2: "delete delete", 3: "set set"} {
		s := store.NewSession(&base{}, text{}, serde.Int64, store.Options{
			Name: "sessions", Format: state.Sessions.ByTime(), Retention: time.Second, Now: new(int64),
		})
		var all flights
		for seq := range uint64(3) {
			var err error
			if seq == 1 {
				err = s.Delete("k", 1, 5)
			} else {
				_, err = s.Put("k", int64(seq), 1, 5)
			}
			b := &state.Batch{}
			if err := errors.Join(err, s.Freeze(seq+1, b)); err != nil {
				t.Fatal(err)
			}
			all.add(seq+1, b)
		}
		s.Prune(all.seqs[:n], all.batches[:n])
		var did []string
		for _, b := range all.batches[:n] {
			for i := range b.Len() {
				switch w := b.At(i); {
				case w.To != nil || string(w.Key) == "\x00": // what has expired, the stream time
				case w.Delete:
					did = append(did, "delete")
				default:
					did = append(did, "set")
				}
			}
		}
		if got := strings.Join(did, " "); got != want {
			t.Errorf("%d batches: %s, want %s", n, got, want)
		}
	}
}
