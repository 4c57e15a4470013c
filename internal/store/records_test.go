package store_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/state"
)

var (
	_ graph.TaskStore = (*store.Records[string, int64])(nil)
	_ graph.Lingerer  = (*store.Records[string, int64])(nil)
	_ graph.Counted   = (*store.Records[string, int64])(nil)
	_ graph.TaskStore = (*store.Unmatched[string])(nil)
	_ graph.Pruner    = (*store.Unmatched[string])(nil)
	_ graph.Counted   = (*store.Unmatched[string])(nil)
	_ graph.Clocked   = (*store.Unmatched[string])(nil)
)

func openRecords(b state.Store) *store.Records[string, int64] {
	return store.NewRecords(b, text{}, number{}, store.Options{Name: "left", Retention: 400 * time.Millisecond})
}

// near lists what Near visits.
func near(t *testing.T, s *store.Records[string, int64], key string, fromMs, toMs int64) string {
	t.Helper()
	var list []string
	do(t, s.Near(key, fromMs, toMs, func(ms int64, seq int32, v int64) (bool, error) {
		list = append(list, fmt.Sprintf("%d.%d=%d", ms, seq, v))
		return true, nil
	}))
	return strings.Join(list, " ")
}

func add(t *testing.T, s *store.Records[string, int64], key string, v, ms int64) int32 {
	t.Helper()
	seq, err := s.Add(key, v, ms)
	do(t, err)
	return seq
}

func TestRecordsOfEqualKeyAndTimeAreKept(t *testing.T) {
	b := &base{}
	s := openRecords(b)
	add(t, s, "a", 1, 5)
	add(t, s, "a", 2, 5)
	var batch state.Batch
	do(t, s.Freeze(1, &batch), b.Apply(&batch, state.Position{}))
	s = openRecords(b) // numbers go on after a restart
	add(t, s, "a", 3, 5)
	add(t, s, "a", 4, 4)
	if got, want := near(t, s, "a", 4, 5), "4.0=4 5.0=1 5.1=2 5.2=3"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	do(t, s.Expire(5))
	if got, want := near(t, s, "a", math.MinInt64, math.MaxInt64), "5.0=1 5.1=2 5.2=3"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if seq := add(t, s, "a", 5, 4); seq != -1 {
		t.Errorf("what is not needed was stored as %d", seq)
	}
}

// A search looks at some records before it visits the first of them.
func TestRecordsChangeWhileTheyAreVisited(t *testing.T) {
	s := openRecords(&base{})
	var want []int64
	for ms := range int64(40) {
		add(t, s, "a", ms, ms)
		if ms%10 != 3 {
			want = append(want, ms)
		}
	}
	var got []int64
	do(t, s.Near("a", 0, 99, func(ms int64, seq int32, v int64) (bool, error) {
		got = append(got, v)
		if ms%10 == 0 {
			add(t, s, "a", 100, 0) // all others move
			do(t, s.Delete("a", ms+3, 0))
		}
		if ms%20 == 0 {
			do(t, s.Delete("a", ms, seq))
		}
		return true, nil
	}))
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func openUnmatched(b state.Store) *store.Unmatched[string] {
	return store.NewUnmatched(b, text{}, store.Options{Name: "open"})
}

// taken lists what Take visits.
func takenMarks(t *testing.T, s *store.Unmatched[string], until0, until1 int64) string {
	t.Helper()
	var list []string
	do(t, s.Take([2]int64{until0, until1}, func(ms int64, side byte, key string, seq int32) error {
		list = append(list, fmt.Sprintf("%d/%d%s.%d", ms, side, key, seq))
		return nil
	}))
	return strings.Join(list, " ")
}

func TestMarksComeInOrder(t *testing.T) {
	b := &base{}
	s := openUnmatched(b)
	do(t, s.Put(5, 1, "a\x00", 0), s.Put(5, 1, "a", 7), s.Put(5, 1, "a", 1), s.Put(5, 0, "z", 0), s.Put(-3, 1, "k", 2), s.Put(9, 0, "k", 0),
		s.Delete(5, 1, "a", 7), s.Delete(5, 1, "none", 0))
	var batch state.Batch
	do(t, s.Freeze(1, &batch), b.Apply(&batch, state.Position{}))
	s = openUnmatched(b)
	if got, want := takenMarks(t, s, 5, -1), "-3/1k.2 5/0z.0"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	do(t, s.Put(4, 0, "y", 0))
	if got, want := takenMarks(t, s, 5, 5), "4/0y.0 5/1a.1 5/1a\x00.0"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := takenMarks(t, s, 9, 9), "9/0k.0"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// The bytes that docs/formats.md gives.
func TestBytesOfMarks(t *testing.T) {
	s := openUnmatched(&base{})
	var batch state.Batch
	do(t, s.Put(10, 1, "k", 1), s.Freeze(1, &batch))
	if got := hex.EncodeToString(batch.At(0).Key); got != "01"+"01"+"800000000000000a"+"6b0001"+"0000000000000001" || len(batch.At(0).Value) != 0 {
		t.Error(got)
	}
}

// Most records that find a partner had none to wait for: nothing is read for
// them.
func TestMarksThatAreNotInMemoryAreNowhere(t *testing.T) {
	b := &base{}
	s := openUnmatched(b)
	do(t, s.Put(5, 1, "old", 0))
	var batch state.Batch
	do(t, s.Freeze(1, &batch), b.Apply(&batch, state.Position{}))

	s = openUnmatched(b)
	do(t, s.Put(6, 1, "new", 0))
	batch.Reset()
	do(t, s.Freeze(1, &batch), b.Apply(&batch, state.Position{}))
	s.Applied(1)
	gets := b.gets
	do(t, s.Delete(6, 0, "none", 0), s.Delete(7, 1, "new", 0), s.Put(8, 1, "later", 0), s.Delete(8, 1, "later", 0), s.Delete(6, 1, "new", 0))
	if b.gets != gets {
		t.Errorf("%d reads", b.gets-gets)
	}
	do(t, s.Delete(5, 1, "none", 0))
	if b.gets != gets+1 {
		t.Errorf("%d reads for one from before", b.gets-gets)
	}
	s.Undo()
	s.Evict(0) // from now on the base has what memory has not
	do(t, s.Delete(6, 1, "new", 0), s.Delete(5, 1, "old", 0))
	if got := takenMarks(t, s, 9, 9); got != "" {
		t.Errorf("%q is left", got)
	}
}

// What was written under the view is not read again, whatever is looked for.
func TestRecordsOfSegmentsInMemoryAreNotRead(t *testing.T) {
	b := &base{}
	s := openRecords(b)
	add(t, s, "old", 1, 5)
	var batch state.Batch
	do(t, s.Freeze(1, &batch), b.Apply(&batch, state.Position{}))

	s = openRecords(b) // of segments of 64 ms
	add(t, s, "a", 2, 70)
	batch.Reset()
	do(t, s.Freeze(1, &batch), b.Apply(&batch, state.Position{}))
	s.Applied(1)
	b.scanErr = errRefused
	if got := near(t, s, "a", 64, 500) + near(t, s, "b", 64, 500); got != "70.0=2" {
		t.Errorf("got %q", got)
	}
	err := s.Near("a", 5, 500, func(int64, int32, int64) (bool, error) { return true, nil })
	if !errors.Is(err, errRefused) {
		t.Errorf("a segment from before: %v", err)
	}
	b.scanErr = nil
	if got := near(t, s, "old", 0, 500); got != "5.0=1" { // it was in no other segment
		t.Errorf("got %q", got)
	}
	b.scanErr = errRefused
	if got := near(t, s, "old", 0, 500); got != "5.0=1" {
		t.Errorf("got %q", got)
	}
}

// Kafka Streams counts in memory, and its counter may be anywhere.
func TestNumbersGoOnWhereOthersHaveBeen(t *testing.T) {
	b := &base{}
	layout := state.Records.Segments(400 * time.Millisecond)
	var batch state.Batch
	for _, seq := range []int64{0, 1, 3, math.MaxInt32} {
		batch.Set(layout.AppendKey(nil, state.SegmentRow{Key: []byte("a"), TimeMs: 5, FromMs: seq}), []byte("12345678"), 0)
	}
	do(t, b.Apply(&batch, state.Position{}))
	s := openRecords(b)
	for _, want := range []int32{2, 4, 5} {
		if got := add(t, s, "a", 0, 5); got != want {
			t.Errorf("number %d, want %d", got, want)
		}
	}
}

// What no segment needs is deleted as a range, with the next batch that has rows.
func TestRecordsThatExpireAreDeletedBySegments(t *testing.T) {
	b := &base{}
	s := openRecords(b)
	apply := func(seq uint64) {
		t.Helper()
		var batch state.Batch
		do(t, s.Freeze(seq, &batch), b.Apply(&batch, state.Position{}))
		s.Applied(seq)
	}
	for i := range int64(100) {
		add(t, s, fmt.Sprint(i), i, i)
	}
	apply(1)
	do(t, s.Expire(70)) // segments are of 64 ms
	s.Mark()
	do(t, s.Expire(1000))
	s.Undo()
	apply(2)
	if n := b.m.Len(); n != 100 {
		t.Errorf("%d rows, without a batch", n)
	}
	add(t, s, "last", 0, 128)
	apply(3)
	if n := b.m.Len(); n != 36+1+1 {
		t.Errorf("%d rows, want those from 64 on and the time from which on they are needed", n)
	}
	if clean, dirty, frozen := s.Bytes(); clean <= 0 || dirty != 0 || frozen != 0 {
		t.Errorf("%d clean, %d dirty, %d frozen bytes", clean, dirty, frozen)
	}
}

func TestErrorsOfRecords(t *testing.T) {
	b := &base{}
	s := openRecords(b)
	add(t, s, "a", 1, 5)
	if _, err := s.Add("a", -1, 6); !errors.Is(err, errRefused) {
		t.Errorf("value: %v", err)
	}
	var batch state.Batch
	do(t, s.Freeze(1, &batch), b.Apply(&batch, state.Position{}))
	s.Applied(1)
	if _, err := s.Add("refused", 1, 5); !errors.Is(err, errRefused) {
		t.Errorf("key: %v", err)
	}
	failed := errors.New("no")
	if err := s.Near("a", 0, 9, func(int64, int32, int64) (bool, error) { return true, failed }); !errors.Is(err, failed) {
		t.Errorf("visit: %v", err)
	}
	b.m.Set("\x86short", "")
	s.Discard()
	if _, err := s.Add("a", 1, 5); err == nil || !strings.Contains(err.Error(), "store left") {
		t.Errorf("a damaged row: %v", err)
	}
	b.m.Delete("\x86short")
	b.getErr = errRefused
	if err := s.Expire(5); !errors.Is(err, errRefused) {
		t.Errorf("expire: %v", err)
	}
	b.getErr = nil
	if got := near(t, s, "a", 0, 9); got != "5.0=1" {
		t.Errorf("afterwards %q", got)
	}
	marks := openUnmatched(&base{})
	do(t, marks.Put(1, 0, "a", 0))
	b.m.Clear()
	b.m.Set("\x02of the future", "")
	if err := openUnmatched(b).Put(1, 0, "a", 0); err == nil || !strings.Contains(err.Error(), "upgrade") {
		t.Errorf("a mark of a newer version: %v", err)
	}
	b.m.Clear()
	b.m.Set("\x01short", "")
	if err := openUnmatched(b).Put(1, 0, "a", 0); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged mark: %v", err)
	}
}

// Records may come again after a crash, unless they are read with their
// transaction: the changelog must not be ahead of what has committed.
func TestChangelogIsToldWhatIsNeededOnceThatIsApplied(t *testing.T) {
	b := &base{}
	s := openRecords(b)
	for i, want := range []string{"", "70", "", "200"} {
		do(t, s.Expire([]int64{70, 71, 200, 200}[i]))
		add(t, s, "a", 1, 500)
		var batch state.Batch
		do(t, s.Freeze(uint64(i), &batch), b.Apply(&batch, state.Position{}))
		s.Applied(uint64(i))
		got := ""
		for j := range batch.Len() {
			var scratch []byte
			if r, ok, err := state.Records.Record(batch.At(j), &scratch); ok && r.Delete && err == nil {
				got += fmt.Sprint(r.Time)
			}
		}
		if got != want {
			t.Errorf("transaction %d tells %q, want %q", i, got, want)
		}
	}
}

// Flights with records that are needed linger, and hold them once. When they are
// encoded at last, what has expired by the last transaction that has committed is
// left out, and what only a transaction says that may still be undone is not.
func TestRecordsThatExpireBeforeTheyAreAppliedStayAway(t *testing.T) {
	b := &base{}
	s := openRecords(b)
	var batches []*state.Batch
	freeze := func(seq uint64) {
		t.Helper()
		batch := new(state.Batch)
		do(t, s.Freeze(seq, batch))
		batches = append(batches, batch)
	}
	add(t, s, "k", 1, 10)
	freeze(1)
	add(t, s, "k", 2, 5000)
	freeze(2)
	do(t, s.Expire(4000))
	add(t, s, "k", 3, 6000)
	freeze(3)
	for _, c := range []struct{ committed, want uint64 }{{0, 0}, {1, 1}, {2, 1}, {3, 2}} {
		if seq, ok := s.Lingers(c.committed); seq != c.want || ok != (c.want > 0) {
			t.Errorf("after flight %d lingers %d (%v), want %d", c.committed, seq, ok, c.want)
		}
	}
	for i, full := range batches {
		batches[i] = new(state.Batch)
		s.Release(uint64(i+1), full, batches[i])
		if n := full.Len() - batches[i].Len(); n != 1 {
			t.Errorf("flight %d was released without %d of its writes, want its one record", i+1, n)
		}
	}
	do(t, s.Encode([]uint64{1}, batches[:1]))
	for i := range batches[0].Len() {
		if w := batches[0].At(i); len(w.Value) > 0 {
			t.Errorf("a record that has expired goes to the store: %q", w.Key)
		}
	}
	do(t, b.Apply(batches[0], state.Position{}))
	s.Applied(1)
	do(t, s.Encode([]uint64{2, 3}, batches[1:]), b.Apply(batches[1], state.Position{}), b.Apply(batches[2], state.Position{}))
	s.Applied(3)
	s.Discard()
	if got := near(t, s, "k", 0, 9000); got != "5000.0=2 6000.0=3" {
		t.Errorf("the store has %q", got)
	}
}

// A segment of which nothing is needed goes with the transaction that says so, and
// that one may still be undone: until it has committed, batches before it have the
// records of the segment, however its memory is wanted by others.
func TestRecordsOfASegmentAreThereForBatchesBeforeItsEnd(t *testing.T) {
	b := &base{}
	s := openRecords(b) // of segments of 64 ms
	freeze := func(seq uint64) *state.Batch {
		t.Helper()
		batch := new(state.Batch)
		do(t, s.Freeze(seq, batch))
		return batch
	}
	do(t, s.Expire(70))
	add(t, s, "k", 1, 80)
	full, rest := freeze(1), new(state.Batch)
	do(t, s.Expire(130))
	freeze(2)
	s.Release(1, full, rest) // what the second transaction says has not committed
	add(t, s, "other", 2, 200)
	freeze(3)
	do(t, s.Encode([]uint64{1}, []*state.Batch{rest}), b.Apply(rest, state.Position{}), s.Check())
	s.Applied(1)
	do(t, s.Check())
	s.Discard()
	if got := near(t, s, "k", 0, 9000); got != "80.0=1" {
		t.Errorf("the store has %q, want 80.0=1", got)
	}
}

// Memory goes with the transaction that ends a segment, and not with the next look
// at what lingers.
func TestMemoryOfASegmentGoesOnceItsEndHasCommitted(t *testing.T) {
	s := openRecords(&base{})
	add(t, s, "k", 1, 10)
	var first, second, rest state.Batch
	do(t, s.Freeze(1, &first))
	s.Release(1, &first, &rest)
	do(t, s.Expire(500))
	add(t, s, "k", 2, 500)
	do(t, s.Freeze(2, &second))
	held := memory(s)
	s.Release(2, &second, &rest)
	if got := memory(s); got != held/2 {
		t.Errorf("%d bytes are held after the commit, %d before", got, held)
	}
}

// memory is what a store holds in all.
func memory(s *store.Records[string, int64]) int64 {
	clean, dirty, frozen := s.Bytes()
	return clean + dirty + frozen
}
