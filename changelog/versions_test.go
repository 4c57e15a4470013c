package changelog

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// pastOf opens the view of a versioned store that remembers 100 ms.
func pastOf(s state.Store) *store.Versioned[string, string] {
	return store.NewVersioned(s, serde.String, serde.String, store.Options{Name: "past", History: 100 * time.Millisecond})
}

// logVersions commits what a view has written: to the changelog, and to its
// store if that is not nil.
func (l *log) logVersions(view *store.Versioned[string, string], seq uint64, s state.Store) {
	l.t.Helper()
	var b state.Batch
	if err := view.Freeze(seq, &b); err != nil {
		l.t.Fatal(err)
	}
	w := Writer{Topic: l.topic, Format: state.Versions}
	records, err := appendAll(&w, nil, &b)
	if err != nil {
		l.t.Fatal(err)
	}
	pointers := make([]*kgo.Record, len(records))
	for i := range records {
		pointers[i] = &records[i]
	}
	l.transact(kgo.TryCommit, pointers...)
	if s == nil {
		return
	}
	if err := s.Apply(&b, state.Position{TopicID: l.info.ID, Next: l.highWatermark(), CurrentAt: time.Now().UnixMilli()}); err != nil {
		l.t.Fatal(err)
	}
	view.Applied(seq)
}

// history lists the versions of a key in the second from a time on.
func history(t *testing.T, view *store.Versioned[string, string], key string, from int64) (all []string) {
	t.Helper()
	for v := range view.History(key, from, from+1000) {
		all = append(all, fmt.Sprint(v.Value, "@", v.FromMs-from))
	}
	if view.ScanErr() != nil {
		t.Fatal(view.ScanErr())
	}
	return all
}

// The changelog has what Kafka Streams writes: user key, plain value or null,
// the version's time. A store without anything, and one that lacks the tail,
// become what the first one is.
func TestVersionsAreRestored(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		l := newLog(t, b, 1, map[string]string{"min.compaction.lag.ms": "86400100"})
		first, behind := newStore(t), newStore(t)
		view := pastOf(first)
		// A broker counts min.compaction.lag.ms from the times of records.
		base := time.Now().UnixMilli()
		put := func(key, value string, ms int64) {
			t.Helper()
			stored, err := false, error(nil)
			if value == "" {
				stored, err = view.Delete(key, base+ms)
			} else {
				stored, err = view.Put(key, value, base+ms)
			}
			if !stored || err != nil {
				t.Fatal(stored, err)
			}
		}
		put("a\x00", "one", 10)
		put("a\x00", "three", 30)
		put("b", "x", 35)
		put("b", "", 40)
		l.logVersions(view, 1, first)

		q := l.request(behind)
		q.Format = state.Versions
		if _, err := l.restorer(Options{}).Restore(deadline(t), q); err != nil {
			t.Fatal(err)
		}
		put("a\x00", "two", 20) // behind: the newer one is logged again
		put("c", "now", 90)
		l.logVersions(view, 2, first)

		var logged []string
		for _, r := range b.ReadCommitted(t, l.topic) {
			ms := r.Timestamp.UnixMilli() - base
			logged = append(logged, fmt.Sprintf("%q=%s@%d", r.Key, r.Value, ms))
			if (r.Value == nil) != (string(r.Key) == "b" && ms == 40) {
				t.Errorf("null or not: %q", r.Key)
			}
		}
		want := []string{`"a\x00"=one@10`, `"a\x00"=three@30`, `"b"=x@35`, `"b"=@40`, `"c"=now@90`, `"a\x00"=two@20`, `"a\x00"=three@30`}
		if diff := cmp.Diff(want, logged); diff != "" {
			t.Error(diff)
		}
		for _, s := range []state.Store{behind, newStore(t)} {
			q.Store = s
			if _, err := l.restorer(Options{ChunkBytes: 20}).Restore(deadline(t), q); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(contents(t, first), contents(t, s)); diff != "" {
				t.Error(diff)
			}
			again := pastOf(s)
			if diff := cmp.Diff([]string{"three@30", "two@20", "one@10"}, history(t, again, "a\x00", base)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"x@35"}, history(t, again, "b", base)); diff != "" {
				t.Error(diff)
			}
		}
	})
}

func rowsOf(t *testing.T, s state.Store, f state.Format) *state.Restoring {
	t.Helper()
	rows, err := f.Restoring(s, 0)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// The tail of a changelog may be older than what the store has seen.
func TestStreamTimeOfVersionsDoesNotGoBack(t *testing.T) {
	s := newStore(t)
	for _, c := range []struct {
		ms   []int64
		want int64
	}{{[]int64{5, 70, 20}, 70}, {[]int64{30}, 70}, {nil, 70}, {[]int64{71}, 71}} {
		var r run
		rows := rowsOf(t, s, state.Versions)
		for _, ms := range c.ms {
			r.add(rows, state.Write{Key: []byte("k"), Delete: true, Time: ms})
		}
		r.add(rows, state.Write{Delete: true, Time: 1000})
		if err := s.Apply(r.finish(rows), state.Position{}); err != nil {
			t.Fatal(err)
		}
		if ms, ok, err := state.Versions.StreamTime(s); ms != c.want || !ok || err != nil {
			t.Errorf("after %v: %d, %v, %v", c.ms, ms, ok, err)
		}
	}
}

func TestWriterRefusesRowsThatAreNoVersions(t *testing.T) {
	var b state.Batch
	b.Set([]byte("a"), []byte("1"), 7)
	w := Writer{Topic: "log", Format: state.Versions}
	if _, err := appendAll(&w, nil, &b); err == nil {
		t.Error("accepted")
	}
}
