package changelog

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/state"
)

type rows = map[string]string

func expect(t testing.TB, s state.Store, want rows) {
	t.Helper()
	if diff := cmp.Diff(want, contents(t, s)); diff != "" {
		t.Error("store (-want +got):\n" + diff)
	}
}

// expectResult compares all but Bytes and Start.
func expectResult(t testing.TB, got Result, records int64, dropped Drop) {
	t.Helper()
	if got.Records != records || got.Dropped != dropped || got.Position < got.End {
		t.Errorf("got %+v, want %d records, dropped %s, the end reached", got, records, dropped)
	}
}

func TestEmptyChangelogLeavesPosition(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		l := newLog(t, b, 1, nil)
		s := newStore(t)
		before := time.Now().UnixMilli()
		expectResult(t, l.restore(s), 0, Kept)
		p, ok := s.Position()
		if !ok || p.TopicID != l.info.ID || p.Next != 0 || p.CurrentAt < before {
			t.Errorf("position %+v %t", p, ok)
		}
	})
}

func TestTombstonesEmptyValuesAndTimes(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		l := newLog(t, b, 1, nil)
		cl := l.writer()
		l.begin(cl)
		l.write(cl, l.put("a", "1", 1000), l.put("b", "2", 2000), l.put("a", "", 3000), l.put("c", "3", 4000),
			&kgo.Record{Topic: l.topic, Key: []byte("empty"), Value: []byte{}, Timestamp: time.UnixMilli(0)})
		l.end(cl, kgo.TryCommit)
		s := newStore(t)
		q := l.request(s)
		q.Format = state.Timestamped
		res, err := l.restorer(Options{}).Restore(deadline(t), q)
		if err != nil {
			t.Fatal(err)
		}
		expectResult(t, res, 5, Kept)
		if diff := cmp.Diff(rows{"b": "2@2000", "c": "3@4000", "empty": "@0"}, timed(t, s)); diff != "" {
			t.Error(diff)
		}
	})
}

// The log ends in a marker, an aborted record and its marker: the last record
// that a reader sees is far from the end.
//
//	0 a  1 b  2 COMMIT  3 x  4 ABORT  5 c  6 COMMIT  7 y  8 z  9 ABORT
func TestAbortedTransactionsAndMarkersAtTheEnd(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		l := newLog(t, b, 1, nil)
		l.transact(kgo.TryCommit, l.put("a", "1", 1), l.put("b", "1", 1))
		l.transact(kgo.TryAbort, l.put("a", "aborted", 2))
		l.transact(kgo.TryCommit, l.put("c", "1", 3))
		l.transact(kgo.TryAbort, l.put("b", "aborted", 4), l.put("d", "aborted", 4))
		s := newStore(t)
		res := l.restore(s)
		expectResult(t, res, 3, Kept)
		expect(t, s, rows{"a": "1", "b": "1", "c": "1"})
		if p, _ := s.Position(); p.Next != 10 || res.End != 10 || res.Start != 0 {
			t.Errorf("position %d, result %+v, want the end at 10", p.Next, res)
		}
	})
}

func TestOnlyTheTailIsRestored(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		l := newLog(t, b, 1, nil)
		s := newStore(t)
		l.transact(kgo.TryCommit, l.put("a", "1", 1), l.put("b", "1", 1))
		expectResult(t, l.restore(s), 2, Kept)
		expectResult(t, l.restore(s), 0, Kept)
		l.transact(kgo.TryCommit, l.put("b", "2", 2))
		res := l.restore(s)
		expectResult(t, res, 1, Kept)
		if res.Start != 3 {
			t.Errorf("began at %d, want 3: behind the marker", res.Start)
		}
		expect(t, s, rows{"a": "1", "b": "2"})
	})
}

// What the runtime stores is the offset behind the last acknowledged record:
// only the marker is left to read.
func TestPositionBeforeTheMarkerRestoresNothing(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		l := newLog(t, b, 1, nil)
		l.transact(kgo.TryCommit, l.put("a", "1", 1))
		s := newStore(t)
		var batch state.Batch
		batch.Set([]byte("a"), []byte("1"), 1)
		p := state.Position{TopicID: l.info.ID, Next: 1, CurrentAt: time.Now().UnixMilli()}
		if err := s.Apply(&batch, p); err != nil {
			t.Fatal(err)
		}
		expectResult(t, l.restore(s), 0, Kept)
		if p, _ := s.Position(); p.Next != 2 {
			t.Errorf("position %d, want 2", p.Next)
		}
	})
}

// stale fills a store with a row that no changelog has.
func (l *log) stale(s state.Store, p state.Position) {
	l.t.Helper()
	var batch state.Batch
	batch.Set([]byte("ghost"), []byte("boo"), 1)
	if err := s.Apply(&batch, p); err != nil {
		l.t.Fatal(err)
	}
}

func TestUnusableStoresAreDropped(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		l := newLog(t, b, 1, map[string]string{"delete.retention.ms": "60000"})
		l.transact(kgo.TryCommit, l.put("a", "1", 1), l.put("b", "1", 1))
		now := time.Now().UnixMilli()
		for _, c := range []struct {
			want Drop
			p    state.Position
		}{
			{Recreated, state.Position{TopicID: [16]byte{1}, Next: 1, CurrentAt: now}},
			{OutOfRange, state.Position{TopicID: l.info.ID, Next: 4, CurrentAt: now}},
			{TooOld, state.Position{TopicID: l.info.ID, Next: 1, CurrentAt: now - 31_000}},
		} {
			t.Run(c.want.String(), func(t *testing.T) {
				s := newStore(t)
				l.stale(s, c.p)
				expectResult(t, l.restore(s), 2, c.want)
				expect(t, s, rows{"a": "1", "b": "1"})
			})
		}
		t.Run("young_enough_is_kept", func(t *testing.T) {
			s := newStore(t)
			l.stale(s, state.Position{TopicID: l.info.ID, Next: 1, CurrentAt: now - 20_000})
			expectResult(t, l.restore(s), 1, Kept)
			expect(t, s, rows{"b": "1", "ghost": "boo"})
		})
	})
}
