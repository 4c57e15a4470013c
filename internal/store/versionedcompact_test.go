package store_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/state"
)

// compacted is what a broker may keep of the changelog of a versioned store whose
// history begins at horizon. min.compaction.lag.ms spares a day more than the history,
// by the wall clock; the stream time is behind that by less than a day:
//
//	log    x@1 y@9 x@3 x@4 | y@8 z@30 x@5 ...      records that are older than the
//	kept       y@9     x@4 | y@8 z@30 x@5 ...      horizon, up to any of them
//
// Of that front the last record of each key stays; one that is a deletion goes as
// well in the end (delete.retention.ms). Segments end where they like: within a
// transaction, too.
func compacted(t *rapid.T, log []state.Write, horizon int64) (kept []state.Write) {
	old := 0
	for old < len(log) && log[old].Time < horizon {
		old++
	}
	front := old - rapid.IntRange(0, old).Draw(t, "spared")
	deletions := rapid.Bool().Draw(t, "deletions")
	last := map[string]int{}
	for i, r := range log[:front] {
		last[string(r.Key)] = i
	}
	for i, r := range log[:front] {
		if last[string(r.Key)] == i && (deletions || !r.Delete) {
			kept = append(kept, r)
		}
	}
	return append(kept, log[front:]...)
}

// Versions that come in any order, and a broker that compacts whenever it may: what
// is restored answers as the store does.
func TestCompactedChangelogRestoresTheHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := &base{}
		s := openVersioned(b, text{})
		var log []state.Write
		now := int64(0)
		for seq := range rapid.Uint64Range(1, 8).Draw(t, "transactions") {
			for range rapid.IntRange(1, 4).Draw(t, "versions") {
				ms := max(0, now+rapid.Int64Range(-history, history).Draw(t, "time"))
				var stored bool
				var err error
				if n := rapid.IntRange(0, 9).Draw(t, "value"); n < 3 {
					stored, err = s.Delete("k", ms)
				} else {
					stored, err = s.Put("k", fmt.Sprint(n), ms)
				}
				if !stored || err != nil {
					t.Fatal(stored, err)
				}
				now = max(now, ms)
			}
			batch := &state.Batch{}
			if err := s.Freeze(seq+1, batch); err != nil {
				t.Fatal(err)
			}
			if err := b.Apply(batch, state.Position{}); err != nil {
				t.Fatal(err)
			}
			s.Applied(seq + 1)
			log = compacted(t, append(log, records(t, state.Versions, batch)...), now-history)
		}
		again := openVersioned(restored(t, log), text{})
		for at := now - history; at <= now; at++ {
			if want, got := asOf(t, s, at), asOf(t, again, at); got != want {
				t.Fatalf("as of %d at stream time %d: %s, want %s", at, now, got, want)
			}
		}
	})
}

// restored is a store that has read a changelog.
func restored(t *rapid.T, log []state.Write) *base {
	l := life[versions]{format: state.Versions, base: inMap()}
	l.replay(t, log)
	return l.base.(*base)
}

func asOf(t *rapid.T, s *store.Versioned[string, string], at int64) string {
	v, ms, ok, err := s.GetAsOf("k", at)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return "-"
	}
	return fmt.Sprint(v, "@", ms)
}
