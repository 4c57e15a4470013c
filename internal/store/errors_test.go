package store_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/state"
)

// fails wants an error that names the store and wraps cause, if there is one.
func fails(t *testing.T, err, cause error) {
	t.Helper()
	if err == nil || !strings.HasPrefix(err.Error(), "store counts: ") || cause != nil && !errors.Is(err, cause) {
		t.Fatalf("got %v, want an error of store counts: %v", err, cause)
	}
}

func TestValueThatCannotBeEncodedFailsPutIfKeptEncoded(t *testing.T) {
	s := open(&base{}, list{})
	do(t, s.Put("a", []byte{1}))
	fails(t, s.Put("a", []byte{255}), errRefused)
	same(t, freeze(t, s, 1), []string{"a=" + timed(0, "\x01\x01") + "@0"})
}

func TestValueThatCannotBeEncodedFailsFreezeIfKeptDecoded(t *testing.T) {
	s := open(&base{}, number{})
	var b state.Batch
	b.Set([]byte("before"), []byte("x"), 0)
	do(t, s.Put("a", 1), s.Put("b", -1), s.Put("c", 3))
	for range 2 {
		fails(t, s.Freeze(1, &b), errRefused)
		same(t, writes(&b), []string{"before=x@0"})
		do(t, s.Check())
	}
	do(t, s.Put("b", 2), s.Freeze(1, &b))
	if b.Len() != 4 {
		t.Fatalf("%d writes, want 4", b.Len())
	}
}

func TestBatchIsWhatItWasAfterASerdePanics(t *testing.T) {
	s := open(&base{}, panics{})
	var b state.Batch
	do(t, s.Put("a", 1), s.Put("b", 13))
	func() {
		defer func() {
			if recover() == nil {
				t.Fatal("no panic")
			}
		}()
		_ = s.Freeze(1, &b)
	}()
	same(t, writes(&b), nil)
	do(t, s.Check())
}

// panics does so at 13.
type panics struct{ number }

func (p panics) Append(dst []byte, v int64) ([]byte, error) {
	if v == 13 {
		panic("13")
	}
	return p.number.Append(dst, v)
}

func TestSerdeThatDoesNotAppendIsAnError(t *testing.T) {
	s := open(&base{}, forgetful{})
	do(t, s.Put("a long key", 1))
	fails(t, s.Freeze(1, &state.Batch{}), nil)
}

// forgetful drops what it is given to append to.
type forgetful struct{ number }

func (forgetful) Append(_ []byte, v int64) ([]byte, error) { return json.Marshal(v) }

func TestKeyErrors(t *testing.T) {
	b := &base{}
	s := open(b, text{})
	_, _, err := s.Get("refused")
	fails(t, err, errRefused)
	fails(t, s.Put("refused", ""), errRefused)
	fails(t, s.Delete("refused"), errRefused)
	for range s.Range("a", "refused") {
		t.Fatal("a row")
	}
	fails(t, s.ScanErr(), errRefused)
	for range s.Range("refused", "z") {
		t.Fatal("a row")
	}
	fails(t, s.ScanErr(), errRefused)

	b.m.Set("refused", timed(1, "x"))
	for range s.All() {
		t.Fatal("a row")
	}
	fails(t, s.ScanErr(), errRefused)
	if b.open != 0 {
		t.Fatal("a cursor is open")
	}
}

func TestDamagedValues(t *testing.T) {
	for name, stored := range map[string]string{"empty": "", "no room for time": "\x01\x02\x03", "refused": timed(1, "refused")} {
		t.Run(name, func(t *testing.T) {
			b := &base{}
			b.m.Set("key", stored)
			s := open(b, text{})
			for range 2 { // the failure leaves no entry
				_, _, err := s.Get("key")
				fails(t, err, nil)
			}
			for range s.All() {
				t.Fatal("a row")
			}
			fails(t, s.ScanErr(), nil)
			do(t, s.Check(), s.Put("key", "mended"))
			for _, v := range s.All() {
				same(t, v, "mended")
			}
			do(t, s.ScanErr())
		})
	}
}

func TestErrorsOfTheBase(t *testing.T) {
	broken := errors.New("broken")
	b := &base{getErr: broken}
	b.m.Set("a", timed(1, "1"))
	b.m.Set("c", timed(1, "1"))
	s := open(b, text{})
	_, _, err := s.Get("a")
	fails(t, err, broken)

	do(t, s.Put("b", "1"), s.Put("z", "1"))
	b.scanErr, b.failAfter = broken, 1
	var got []string
	for k := range s.All() {
		got = append(got, k)
	}
	fails(t, s.ScanErr(), broken)
	same(t, got, []string{"a"}) // not z: c may come before it, nobody knows

	b.scanErr, b.closeErr = nil, broken
	for range s.All() {
		break
	}
	fails(t, s.ScanErr(), broken)

	b.closeErr = nil
	for range s.All() {
	}
	do(t, s.ScanErr(), s.Check())
}

// FuzzStoredValue reads whatever may lie in a base.
func FuzzStoredValue(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("1234567"))
	f.Add([]byte("12345678"))
	f.Add([]byte("12345678\x02ab"))
	f.Fuzz(func(t *testing.T, stored []byte) {
		for _, format := range []state.Format{state.Timestamped, state.Plain} {
			b := &base{}
			b.m.Set("k", string(stored))
			s := store.NewKeyValue(b, text{}, list{}, store.Options{Name: "counts", Format: format})
			v, ts, _, err := s.GetWithTime("k")
			for _, scanned := range s.All() {
				same(t, scanned, v)
			}
			if scan := s.ScanErr(); (scan == nil) != (err == nil) {
				t.Fatalf("get gives %v, scan %v", err, scan)
			}
			if err != nil {
				fails(t, err, nil)
				continue
			}
			// What was read is written back as it was.
			var batch state.Batch
			do(t, s.PutWithTime("k", v, ts), s.Freeze(1, &batch))
			same(t, string(batch.At(0).Value), string(stored))
		}
	})
}

// Some bases tell only when a scan is closed that it has not shown all.
func TestRecordsFailIfAScanFailsInTheEnd(t *testing.T) {
	b := &base{}
	s, marks := openRecords(b), openUnmatched(&base{closeErr: errRefused})
	b.closeErr = errRefused
	if err := s.Expire(0); !errors.Is(err, errRefused) {
		t.Errorf("the segments were learnt: %v", err)
	}
	b.closeErr = nil
	add(t, s, "a", 1, 5)
	var batch state.Batch
	do(t, s.Freeze(1, &batch), b.Apply(&batch, state.Position{}))
	s.Discard()
	do(t, s.Expire(0))
	b.closeErr = errRefused
	if _, _, err := s.Get("a", 5, 0); !errors.Is(err, errRefused) {
		t.Errorf("a record was read: %v", err)
	}
	b.closeErr = nil
	if v, ok, err := s.Get("a", 5, 0); v != 1 || !ok || err != nil {
		t.Errorf("the error stays: %v, %v, %v", v, ok, err)
	}
	if err := marks.Delete(1, 0, "a", 0); !errors.Is(err, errRefused) {
		t.Errorf("the last mark was learnt: %v", err)
	}
}
