package state_test

import (
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/state"
)

// The bytes that docs/formats.md gives.
func TestBytesOfBuffers(t *testing.T) {
	for _, c := range []struct {
		row state.BufferRow
		key string
	}{
		{state.BufferRow{Key: []byte("k")}, "01 6b"},
		{state.BufferRow{Key: []byte("k"), TimeMs: 1_700_000_000_160, Place: true}, "00 8000018bcfe568a0 6b"},
		{state.BufferRow{Key: []byte{}, TimeMs: -1, Place: true}, "00 7fffffffffffffff"},
		{state.BufferRow{Key: []byte{}}, "01"},
		{state.BufferRow{Key: []byte{0, 1}, TimeMs: math.MinInt64, Place: true}, "00 0000000000000000 0001"},
	} {
		key := c.row.AppendKey(nil)
		if got := hex.EncodeToString(key); got != strings.ReplaceAll(c.key, " ", "") {
			t.Errorf("key of %v: %s, want %s", c.row, got, c.key)
		}
		var back state.BufferRow
		if err := back.DecodeKey(key); err != nil || fmt.Sprint(back) != fmt.Sprint(c.row) {
			t.Errorf("%v came back as %v, %v", c.row, back, err)
		}
	}
	value := state.BufferRow{TimeMs: 7}.AppendTime([]byte("v"))
	if got := hex.EncodeToString(value); got != "760000000000000007" {
		t.Errorf("value: %s", got)
	}
	var r state.BufferRow
	if v, ok := r.DecodeValue(value); string(v) != "v" || !ok || r.TimeMs != 7 {
		t.Errorf("%q, %v, %v", v, ok, r)
	}
	if _, ok := r.DecodeValue(value[:7]); ok {
		t.Error("a value of 7 bytes has no room for a time")
	}
	for _, key := range []string{"", "\x00", "\x00\x80\x00\x00\x00\x00\x00\x00", "\x02k"} {
		if err := r.DecodeKey([]byte(key)); err == nil {
			t.Errorf("%q was taken for a row", key)
		}
	}
}

// The changelog hears of entries alone; each one that is read back gets a place.
func TestRecordsOfBuffers(t *testing.T) {
	entry := state.Write{Key: []byte("k"), Value: state.BufferRow{TimeMs: 5}.AppendTime([]byte("v")), Time: 9}
	var b state.Batch
	for _, record := range []state.Write{
		entry,
		{Key: []byte("foreign"), Value: []byte("short")},
		{Key: []byte("k"), Delete: true, Time: 10},
	} {
		state.Buffers.Restore(&b, record)
	}
	var rows []string
	var logged []state.Write
	for i := range b.Len() {
		w := b.At(i)
		rows = append(rows, fmt.Sprintf("%x=%x %v @%d", w.Key, w.Value, w.Delete, w.Time))
		r, ok, err := state.Buffers.Record(w, nil)
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			logged = append(logged, r)
		}
	}
	if got, want := strings.Join(rows, ", "), "016b=760000000000000005 false @9, 0080000000000000056b= false @9, 016b= true @10"; got != want {
		t.Errorf("rows %s, want %s", got, want)
	}
	if len(logged) != 2 || fmt.Sprint(logged[0]) != fmt.Sprint(entry) || !logged[1].Delete || string(logged[1].Key) != "k" {
		t.Errorf("logged %v", logged)
	}
	if key, value, ok := state.Buffers.LogHeader(); key != "v" || string(value) != "\x03" || !ok {
		t.Errorf("header %q %q %v", key, value, ok)
	}
	if _, _, ok := state.Windows.LogHeader(); ok {
		t.Error("windows have no header")
	}
	if _, _, err := state.Buffers.Record(state.Write{Key: []byte{9}}, nil); err == nil {
		t.Error("a damaged row was logged")
	}
}
