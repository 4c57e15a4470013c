package state_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/state"
)

// The bytes that docs/formats.md gives.
func TestBytesOfVersions(t *testing.T) {
	for _, c := range []struct {
		row        state.VersionRow
		key, value string
	}{
		{state.VersionRow{Key: []byte("k"), TimeMs: 1_700_000_000_160, Value: []byte("42")}, "6b0001 7ffffe74301a975f", "343201"},
		{state.VersionRow{Key: []byte("k"), TimeMs: 0, Null: true}, "6b0001 7fffffffffffffff", "00"},
		{state.VersionRow{TimeMs: 1}, "0001 7ffffffffffffffe", "01"},
		{state.VersionRow{Key: []byte{0, 1, 0}, TimeMs: math.MaxInt64, Value: []byte{0}}, "00ff0100ff0001 0000000000000000", "0001"},
		{state.VersionRow{Key: []byte{0xff}, TimeMs: -1, Value: []byte{1}}, "ff0001 8000000000000000", "0101"},
	} {
		key, value := c.row.AppendKey(nil), c.row.AppendValue(nil)
		if got := hex.EncodeToString(key); got != strings.ReplaceAll(c.key, " ", "") {
			t.Errorf("key of %v: %s, want %s", c.row, got, c.key)
		}
		if got := hex.EncodeToString(value); got != c.value {
			t.Errorf("value of %v: %s, want %s", c.row, got, c.value)
		}
		var back state.VersionRow
		scratch := []byte("before")
		if err := back.Decode(key, value, &scratch); err != nil || fmt.Sprint(back) != fmt.Sprint(c.row) {
			t.Errorf("%v came back as %v, %v", c.row, back, err)
		}
		if !bytes.HasPrefix(scratch, []byte("before")) {
			t.Errorf("scratch was overwritten: %q", scratch)
		}
	}
	var b state.Batch
	state.Versions.SetStreamTime(&b, 1_700_000_000_160)
	if w := b.At(0); hex.EncodeToString(w.Key) != "00" || hex.EncodeToString(w.Value) != "0000018bcfe568a0" {
		t.Errorf("stream time: %x = %x", w.Key, w.Value)
	}
}

// What a changelog record does to a store, and the record that is made of it
// again.
func TestRecordsOfRows(t *testing.T) {
	for _, format := range []state.Format{state.Timestamped, state.Plain, state.Versions} {
		for _, rec := range []state.Write{
			{Key: []byte("k"), Value: []byte("v"), Time: 7},
			{Key: []byte{0, 0}, Value: []byte{0}, Time: 8},
			{Key: []byte{}, Value: []byte{}, Time: 0},
			{Key: []byte("k"), Delete: true, Time: 9},
		} {
			var b state.Batch
			format.Restore(&b, rec)
			if b.Len() != 1 || b.At(0).Delete != (rec.Delete && format != state.Versions) {
				t.Fatalf("%s: %v", format, b.At(0))
			}
			var scratch []byte
			got, ok, err := format.Record(b.At(0), &scratch)
			if err != nil || !ok || fmt.Sprint(got) != fmt.Sprint(rec) || (got.Value == nil) != rec.Delete {
				t.Errorf("%s: %v came back as %v, %v, %v", format, rec, got, ok, err)
			}
		}
	}
}

func TestChangelogOfVersionsDoesNotHearOfLocalWrites(t *testing.T) {
	var b state.Batch
	state.Versions.SetStreamTime(&b, 7)
	b.Delete(state.VersionRow{Key: []byte("k"), TimeMs: 1}.AppendKey(nil), 0)
	var scratch []byte
	for i := range b.Len() {
		if w, ok, err := state.Versions.Record(b.At(i), &scratch); ok || err != nil {
			t.Errorf("%v: %v", w, err)
		}
	}
}

func TestDamagedRowsAreErrors(t *testing.T) {
	good := state.VersionRow{Key: []byte("k"), TimeMs: 1}
	for name, row := range map[string]struct{ key, value string }{
		"no key":        {"", "\x01"},
		"short key":     {"\x00\x01time", "\x01"},
		"no end of key": {"key" + "12345678", "\x01"},
		"lone zero":     {"a\x00b\x00\x01" + "12345678", "\x01"},
		"end in a key":  {"a\x00\x01b\x00\x01" + "12345678", "\x01"},
		"no value":      {string(good.AppendKey(nil)), ""},
		"no mark":       {string(good.AppendKey(nil)), "value"},
		"long null":     {string(good.AppendKey(nil)), "a\x00"},
	} {
		var scratch []byte
		_, ok, err := state.Versions.Record(state.Write{Key: []byte(row.key), Value: []byte(row.value)}, &scratch)
		if ok || err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, _, err := state.Timestamped.Record(state.Write{Value: []byte("1234567")}, nil); err == nil {
		t.Error("a value without time was accepted")
	}
	s := open(t)
	if _, ok, err := state.Versions.StreamTime(s); ok || err != nil {
		t.Errorf("of an empty store: %v, %v", ok, err)
	}
	var b state.Batch
	b.Set([]byte{0}, []byte("short"), 0)
	if err := s.Apply(&b, state.Position{}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := state.Versions.StreamTime(s); err == nil {
		t.Error("a short stream time was accepted")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := state.Versions.StreamTime(s); !errors.Is(err, state.ErrClosed) {
		t.Error(err)
	}
}

func open(t *testing.T) state.Store {
	t.Helper()
	db, err := state.Memory().Open(t.Context(), state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := db.Store(state.ID{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFormatsHaveNames(t *testing.T) {
	for format, want := range map[state.Format]string{state.Timestamped: "timestamped", state.Plain: "plain", state.Versions: "versions", state.Windows: "windows", state.Sessions: "sessions", state.Sessions.ByTime(): "sessions", 99: "format 99"} {
		if got := format.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A changelog record of any bytes makes a row that is logged as that record.
func FuzzChangelogRecord(f *testing.F) {
	f.Add([]byte("k"), []byte("v"), false, int64(5))
	f.Add([]byte("k\x00"), []byte{}, true, int64(0))
	f.Add([]byte{}, []byte{}, false, int64(-1))
	f.Add([]byte("\x00"), []byte("12345678"), false, int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, key, value []byte, null bool, timeMs int64) {
		if null {
			value = nil
		}
		for _, format := range []state.Format{state.Timestamped, state.Plain, state.Versions} {
			if format == state.Plain && null {
				continue
			}
			var b state.Batch
			var scratch []byte
			format.Restore(&b, state.Write{Key: key, Value: value, Delete: null, Time: timeMs})
			got, ok, err := format.Record(b.At(0), &scratch)
			if !ok || err != nil {
				t.Fatalf("%s: %v, %v", format, ok, err)
			}
			if !bytes.Equal(got.Key, key) || !bytes.Equal(got.Value, value) || got.Delete != null || got.Time != timeMs {
				t.Errorf("%s: %x = %x (null %v) at %d became %+v", format, key, value, null, timeMs, got)
			}
		}
	})
}

// Whatever a store holds, a row is refused or is what makes the same bytes.
func FuzzVersionRow(f *testing.F) {
	f.Add([]byte("k\x00\x01\x7f\xff\xff\xff\xff\xff\xff\xff"), []byte("v\x01"))
	f.Add([]byte("\x00\xff\x00\x0112345678"), []byte{0})
	f.Add([]byte("\x00"), []byte("12345678"))
	f.Fuzz(func(t *testing.T, key, value []byte) {
		var r state.VersionRow
		var scratch []byte
		if err := r.Decode(key, value, &scratch); err != nil {
			return
		}
		if k, v := r.AppendKey(nil), r.AppendValue(nil); !bytes.Equal(k, key) || !bytes.Equal(v, value) {
			t.Errorf("%x = %x became %x = %x", key, value, k, v)
		}
	})
}

// Rows sort as keys do, and those of a key by their times, the latest first.
func FuzzVersionOrder(f *testing.F) {
	f.Add([]byte("a"), int64(1), []byte("a\x00"), int64(2))
	f.Add([]byte{0}, int64(-1), []byte{0}, int64(math.MaxInt64))
	f.Add([]byte{0, 1}, int64(0), []byte{0, 0xff}, int64(math.MinInt64))
	f.Fuzz(func(t *testing.T, k1 []byte, t1 int64, k2 []byte, t2 int64) {
		want := bytes.Compare(k1, k2)
		switch {
		case want != 0:
		case t1 > t2:
			want = -1
		case t1 < t2:
			want = +1
		}
		a, b := state.VersionRow{Key: k1, TimeMs: t1}, state.VersionRow{Key: k2, TimeMs: t2}
		if got := bytes.Compare(a.AppendKey(nil), b.AppendKey(nil)); got != want {
			t.Errorf("%x@%d and %x@%d compare as %d", k1, t1, k2, t2, got)
		}
		if bytes.Compare(a.AppendKey(nil), state.Versions.FirstVersion()) < 0 {
			t.Errorf("%x comes before the first version", k1)
		}
	})
}
