package state_test

import (
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// Rows lie in segments; the changelog has what it has of other windows.
func TestBytesOfWindowRowsByKey(t *testing.T) {
	const retention = 256 * time.Millisecond // segments of 128 ms
	compact := func(s string) string { return strings.ReplaceAll(s, " ", "") }
	for _, c := range []struct {
		start                      int64
		key, row, index, changelog string
	}{
		{5, "k", "100000000000000 6b0001 8000000000000005 8000000000000000", "01 8000000000000005 8000000000000000 6b", "6b 0000000000000005 00000000"},
		{130, "\x00", "100000000000001 00ff0001 8000000000000082 8000000000000000", "01 8000000000000082 8000000000000000 00", "00 0000000000000082 00000000"},
	} {
		logged, err := hex.DecodeString(compact(c.changelog))
		if err != nil {
			t.Fatal(err)
		}
		record := state.Write{Key: logged, Value: []byte("v"), Time: 7}
		for format, first := range map[state.Format]string{state.WindowsByKey: "870", state.WindowsByKey.ByTime(): "c70"} {
			var b state.Batch
			restoring(t, format, retention, open(t)).Add(&b, record)
			w := b.At(0)
			if got := hex.EncodeToString(w.Key); got != first+compact(c.row) || string(w.Value) != "\x00\x00\x00\x00\x00\x00\x00\x07v" {
				t.Errorf("row of %d: %s = %x", c.start, got, w.Value)
			}
			var scratch []byte
			got, ok, err := format.Record(w, &scratch)
			if !ok || err != nil || fmt.Sprint(got) != fmt.Sprint(record) {
				t.Errorf("record of %d: %v, %v, %v", c.start, got, ok, err)
			}
			if format == state.WindowsByKey {
				continue
			}
			if got := hex.EncodeToString(b.At(1).Key); got != compact(c.index) {
				t.Errorf("index of %d: %s", c.start, got)
			}
			if _, ok, err := format.Record(b.At(1), &scratch); ok || err != nil {
				t.Errorf("the changelog hears of the index: %v", err)
			}
		}
		var b state.Batch
		if restoring(t, state.WindowsByKey, retention, open(t)).Add(&b, state.Write{Key: []byte("too short")}); b.Len() != 0 {
			t.Error("a key without a window makes a row")
		}
	}
	if got := state.WindowsByKey.ByTime().String(); got != "windows by key" {
		t.Error(got)
	}
}

// Keys of windows that differ in size, and of those that include their end, have
// the bytes of all others.
func TestKeysOfWindowsWithOtherEnds(t *testing.T) {
	end := func(start int64) int64 { return start*2 + 1 }
	for name, c := range map[string]struct {
		serde    serde.Serde[state.Windowed[string]]
		end      int64
		included bool
	}{
		"windowed string":      {state.WindowedSerdeFunc(serde.String, end), 21, false},
		"windowed string 10ms": {state.SlidingSerde(serde.String, ten), 20, true},
	} {
		b, err := c.serde.Append(nil, state.Windowed[string]{Key: "k", Start: 10, End: math.MaxInt64})
		if got := hex.EncodeToString(b); got != "6b000000000000000a" || err != nil {
			t.Errorf("%s: %s, %v", name, got, err)
		}
		w, err := c.serde.Decode(b)
		if want := (state.Windowed[string]{Key: "k", Start: 10, End: c.end}); w != want || err != nil {
			t.Errorf("%s: %v, %v", name, w, err)
		}
		if got := c.serde.(interface{ EndIncluded() bool }).EndIncluded(); got != c.included {
			t.Errorf("%s: the end is included: %v", name, got)
		}
		if got := serde.NameOf(c.serde); got != name {
			t.Errorf("%q, want %q", got, name)
		}
	}
}
