package store_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/state"
)

func openBuffer(b *base) *store.Buffer[string, int64] {
	return store.NewBuffer(b, text{}, number{}, store.Options{Name: "held"})
}

func applyBuffer(t *testing.T, b *base, s *store.Buffer[string, int64], seq uint64) {
	t.Helper()
	var batch state.Batch
	do(t, s.Freeze(seq, &batch), b.Apply(&batch, state.Position{}))
	s.Applied(seq)
}

// taken lists what Take visits.
func taken(t *testing.T, s *store.Buffer[string, int64], untilMs int64) string {
	t.Helper()
	var list []string
	do(t, s.Take(untilMs, func(key string, v, at int64) (bool, error) {
		list = append(list, fmt.Sprintf("%s=%d@%d", key, v, at))
		return true, nil
	}))
	return strings.Join(list, " ")
}

// Places that a changelog leaves behind lead nowhere, and go when somebody comes
// by, also if a new entry has been in one of them.
func TestPlacesThatAreLeftBehindGo(t *testing.T) {
	b := &base{}
	var batch state.Batch
	value := state.BufferRow{TimeMs: 5}.AppendTime([]byte{1, 1, 1, 1, 1, 1, 1, 1})
	state.Buffers.Restore(&batch, state.Write{Key: []byte("k"), Value: value, Time: 1})
	state.Buffers.Restore(&batch, state.Write{Key: []byte("k"), Delete: true, Time: 2})
	do(t, b.Apply(&batch, state.Position{}))

	s := openBuffer(b)
	for seq, at := range []int64{5, 9} {
		do(t, s.Put("k", 7, at, 0))
		if got, want := taken(t, s, at), fmt.Sprintf("k=7@%d", at); got != want {
			t.Errorf("taken %q, want %q", got, want)
		}
		applyBuffer(t, b, s, uint64(seq)+1)
		s.Discard()
	}
	if n := b.m.Len(); n != 0 {
		t.Errorf("%d rows are left: %q", n, b.m.Keys())
	}
}

// While nothing is due, and once that is known, nothing is read.
func TestWaitingCostsNothing(t *testing.T) {
	b := &base{}
	s := openBuffer(b)
	for i := range int64(2000) {
		do(t, s.Put(fmt.Sprint("k", i), i, 1000+i, 0))
	}
	applyBuffer(t, b, s, 1)
	if got := taken(t, s, 1000); got != "k0=0@1000" {
		t.Fatalf("taken %q", got)
	}
	b.scanErr, b.getErr = errRefused, errRefused
	for until := range int64(1001) {
		if got := taken(t, s, until); got != "" {
			t.Fatalf("taken %q", got)
		}
	}
}

// More entries than one scan takes come in order, and a visit that ends early
// leaves the others.
func TestManyEntriesComeInOrder(t *testing.T) {
	const n = 3000
	b := &base{}
	s := openBuffer(b)
	for i := range int64(n) {
		do(t, s.Put(fmt.Sprintf("k%04d", i), i, i%7, 0))
	}
	applyBuffer(t, b, s, 1)
	s.Evict(0)
	count, last := 0, ""
	visit := func(stopAt int) func(string, int64, int64) (bool, error) {
		return func(key string, _, at int64) (bool, error) {
			if now := fmt.Sprint(at, key); now <= last {
				t.Fatalf("%s comes after %s", now, last)
			} else {
				last = now
			}
			count++
			return count != stopAt, nil
		}
	}
	do(t, s.Take(math.MaxInt64, visit(1000)))
	if held, _, err := s.Held(); count != 1000 || held != n-1000 || err != nil {
		t.Fatalf("%d were taken, %d are left, %v", count, held, err)
	}
	do(t, s.Take(math.MaxInt64, visit(-1)))
	if held, bytes, err := s.Held(); count != n || held != 0 || bytes != 0 || err != nil {
		t.Fatalf("%d were taken, %d of %d bytes are left, %v", count, held, bytes, err)
	}
}

func TestErrorsOfBuffers(t *testing.T) {
	b := &base{}
	s := openBuffer(b)
	do(t, s.Put("k", 1, 5, 0))
	applyBuffer(t, b, s, 1)
	s.Mark()
	failed := errors.New("no")
	err := s.Take(9, func(string, int64, int64) (bool, error) { return true, failed })
	if !errors.Is(err, failed) {
		t.Errorf("got %v", err)
	}
	s.Undo()
	if got := taken(t, s, 9); got != "k=1@5" {
		t.Errorf("after Undo: %q", got)
	}
	s.Undo()
	s.Discard()
	b.getErr = errRefused
	for name, err := range map[string]error{
		"put":  s.Put("k", 1, 5, 0),
		"take": s.Take(9, func(string, int64, int64) (bool, error) { return true, nil }),
	} {
		if !errors.Is(err, errRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b.getErr, b.scanErr = nil, errRefused
	s.Discard()
	if _, _, err := s.Held(); !errors.Is(err, errRefused) {
		t.Errorf("held: %v", err)
	}
	b.scanErr = nil
	b.m.Set("\x00short", "")
	if err := s.Take(9, func(string, int64, int64) (bool, error) { return true, nil }); err == nil || !strings.Contains(err.Error(), "store held") {
		t.Errorf("a damaged place: %v", err)
	}
	b.m.Delete("\x00short")
	b.m.Set("\x01k", "short")
	if _, _, _, err := s.Get("k"); err == nil || !strings.Contains(err.Error(), "store held") {
		t.Errorf("a damaged entry: %v", err)
	}
}
