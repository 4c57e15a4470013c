package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/state"
)

var _ state.ReadOnly[string, int64] = (*store.Reader[string, int64])(nil)

func reader(b *base) *store.Reader[string, int64] {
	return store.NewReader(b, text{}, number{}, "rows")
}

func TestReaderSeesWhatIsCommittedNow(t *testing.T) {
	b := &base{}
	r := reader(b)
	if _, _, ok, err := r.GetWithTime("a"); ok || err != nil {
		t.Fatalf("found %v, error %v", ok, err)
	}
	b.m.Set("a", timed(7, "\x00\x00\x00\x00\x00\x00\x00\x01"))
	b.m.Set("b", timed(8, "\x00\x00\x00\x00\x00\x00\x00\x02"))
	if v, ms, ok, err := r.GetWithTime("a"); v != 1 || ms != 7 || !ok || err != nil {
		t.Fatalf("%d at %d, %v, %v", v, ms, ok, err)
	}
	var got []string
	for k, v := range r.All() {
		got = append(got, fmt.Sprint(k, v))
		b.m.Set("c", timed(9, "\x00\x00\x00\x00\x00\x00\x00\x03")) // not seen by the scan
		if v, ok, err := r.Get("c"); v != 3 || !ok || err != nil { // but by look-ups within
			t.Fatalf("%d, %v, %v", v, ok, err)
		}
	}
	for k, v := range r.Range("b", "c") {
		got = append(got, fmt.Sprint(k, v))
	}
	for range r.Range("c", "a") {
		t.Error("a row of an empty range")
	}
	same(t, got, []string{"a1", "b2", "b2"})
	do(t, r.ScanErr())
	if b.open != 0 {
		t.Error("a cursor is open")
	}
}

func TestReaderErrors(t *testing.T) {
	away := errors.New("disk is away")
	for name, c := range map[string]struct {
		base *base
		key  string
		want string
	}{
		"read":      {&base{getErr: away, scanErr: away}, "a", "disk is away"},
		"key":       {&base{}, "refused", "encode key: refused"},
		"too short": {holds("a", "short"), "a", "stored value of 5 bytes has no room for its event time"},
		"value":     {holds("a", timed(1, "xyz")), "a", "decode value of 3 bytes: want 8 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			r := reader(c.base)
			_, ok, err := r.Get(c.key)
			if ok || err == nil || !strings.HasPrefix(err.Error(), "table rows: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("get: %v, %v", ok, err)
			}
			for range r.Range(c.key, "z") {
				t.Error("a row")
			}
			if err := r.ScanErr(); err == nil || !strings.HasPrefix(err.Error(), "table rows: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("range: %v", err)
			}
		})
	}
	r := reader(holds("refused", timed(1, "")))
	for range r.All() {
		t.Error("a row")
	}
	if err := r.ScanErr(); !errors.Is(err, errRefused) || !strings.Contains(err.Error(), "decode key of 7 bytes") {
		t.Error(err)
	}
	r = reader(&base{closeErr: away})
	for range r.All() {
		t.Error("a row")
	}
	if err := r.ScanErr(); !errors.Is(err, away) {
		t.Error(err)
	}
}

func holds(key, value string) *base {
	b := &base{}
	b.m.Set(key, value)
	return b
}

// FuzzStoredRow reads whatever may lie in the store of a global table.
func FuzzStoredRow(f *testing.F) {
	f.Add([]byte("a"), []byte(timed(7, "\x00\x00\x00\x00\x00\x00\x00\x01")))
	f.Add([]byte(""), []byte("1234567"))
	f.Add([]byte("a"), []byte("12345678123"))
	f.Fuzz(func(t *testing.T, key, row []byte) {
		b := &base{}
		b.m.Set(string(key), string(row))
		r := reader(b)
		v, _, _, err := r.GetWithTime(string(key))
		for k, scanned := range r.All() {
			same(t, k, string(key))
			same(t, scanned, v)
		}
		if scan := r.ScanErr(); (scan == nil) != (err == nil) {
			t.Fatalf("get gives %v, scan %v", err, scan)
		}
	})
}
