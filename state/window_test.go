package state_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

const ten = 10 * time.Millisecond

// The bytes are those of Kafka Streams 4.3.
func TestBytesOfWindowedKeys(t *testing.T) {
	s := state.WindowedSerde(serde.String, ten)
	b, err := s.Append([]byte("before "), state.WindowOf("k", 10, ten))
	if got, want := hex.EncodeToString(b), hex.EncodeToString([]byte("before "))+"6b000000000000000a"; got != want || err != nil {
		t.Fatalf("got %s, %v, want %s", got, err, want)
	}
	w, err := s.Decode(b[len("before "):])
	if want := (state.Windowed[string]{Key: "k", Start: 10, End: 20}); w != want || err != nil {
		t.Errorf("got %v, %v, want %v", w, err, want)
	}
	for _, short := range []string{"", "1234567"} {
		if _, err := s.Decode([]byte(short)); err == nil {
			t.Errorf("%d bytes are accepted", len(short))
		}
	}
	if got := w.String(); got != "k@[10,20)" {
		t.Error(got)
	}
	if got := serde.NameOf(s); got != "windowed string 10ms" {
		t.Error(got)
	}
	if got := s.(interface{ PartitionKey([]byte) []byte }).PartitionKey([]byte("k12345678")); string(got) != "k" {
		t.Errorf("%q chooses the partition", got)
	}
}

func TestWindowsEndWithTime(t *testing.T) {
	for start, want := range map[int64]int64{
		0: 10, -10: 0, math.MinInt64: math.MinInt64 + 10, math.MaxInt64 - 10: math.MaxInt64,
		math.MaxInt64 - 9: math.MaxInt64, math.MaxInt64: math.MaxInt64,
	} {
		if got := state.WindowOf("k", start, ten).End; got != want {
			t.Errorf("the window from %d ends at %d, want %d", start, got, want)
		}
	}
}

func TestBytesOfWindowRows(t *testing.T) {
	for _, c := range []struct {
		start               int64
		key, row, changelog string
	}{
		{10, "k", "800000000000000a 6b", "6b 000000000000000a 00000000"},
		{0, "", "8000000000000000", "0000000000000000 00000000"},
		{-1, "\x00", "7fffffffffffffff 00", "00 ffffffffffffffff 00000000"},
	} {
		var b state.Batch
		logged, err := hex.DecodeString(strings.ReplaceAll(c.changelog, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		record := state.Write{Key: logged, Value: []byte("v"), Time: 7}
		state.Windows.Restore(&b, record)
		w := b.At(0)
		if got := hex.EncodeToString(w.Key); got != strings.ReplaceAll(c.row, " ", "") || hex.EncodeToString(w.Value) != "000000000000000776" {
			t.Errorf("row of %d: %s = %x", c.start, got, w.Value)
		}
		var r state.WindowRow
		if err := r.DecodeKey(w.Key); err != nil || string(r.Key) != c.key || r.StartMs != c.start {
			t.Errorf("row of %d came back as %+v, %v", c.start, r, err)
		}
		scratch := []byte("before")
		got, ok, err := state.Windows.Record(w, &scratch)
		if !ok || err != nil || fmt.Sprint(got) != fmt.Sprint(record) || !strings.HasPrefix(string(scratch), "before") {
			t.Errorf("record of %d: %v, %v, %v", c.start, got, ok, err)
		}
	}
}

func TestChangelogOfWindowsDoesNotHearOfLocalWrites(t *testing.T) {
	var b state.Batch
	state.Windows.SetStreamTime(&b, 5)
	state.Windows.Expire(&b, 3)
	var scratch []byte
	for i := range b.Len() {
		if _, ok, err := state.Windows.Record(b.At(i), &scratch); ok || err != nil {
			t.Errorf("write %d: %v, %v", i, ok, err)
		}
	}
	b.Reset()
	b.Set([]byte("short"), []byte("12345678"), 0)
	if _, _, err := state.Windows.Record(b.At(0), &scratch); err == nil {
		t.Error("a row without a window is logged")
	}
}

func TestWhatHasExpiredIsNotRestored(t *testing.T) {
	db, err := state.Memory().Open(t.Context(), state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := db.Store(state.ID{Name: "counts"})
	if err != nil {
		t.Fatal(err)
	}
	load := func(starts ...int64) (rows []int64) {
		t.Helper()
		r, err := state.Windows.Restoring(s, ten)
		if err != nil {
			t.Fatal(err)
		}
		var b state.Batch
		for _, start := range starts {
			var w state.Batch
			w.Set(state.WindowRow{Key: []byte("k"), StartMs: start}.AppendKey(nil), []byte("12345678v"), 0)
			var scratch []byte
			record, _, err := state.Windows.Record(w.At(0), &scratch)
			if err != nil {
				t.Fatal(err)
			}
			r.Add(&b, record)
		}
		r.Add(&b, state.Write{Key: []byte("of no window")[:11], Value: []byte("v")})
		r.Finish(&b)
		if err := s.Load(&b, state.Position{}); err != nil {
			t.Fatal(err)
		}
		c := s.Scan(state.Windows.FirstWindow(), nil, false)
		defer c.Close()
		for c.Next() {
			var w state.WindowRow
			if err := w.DecodeKey(c.Key()); err != nil {
				t.Fatal(err)
			}
			rows = append(rows, w.StartMs)
		}
		return rows
	}
	for _, c := range []struct{ starts, want []int64 }{
		{nil, nil},
		{[]int64{-5, 0, 5}, []int64{0, 5}},
		{[]int64{10, 20, 10, 11}, []int64{11, 20}},
		{[]int64{3}, []int64{11, 20}}, // the stream time is part of the store
		{[]int64{21}, []int64{20, 21}},
	} {
		if diff := cmp.Diff(c.want, load(c.starts...)); diff != "" {
			t.Errorf("after %v (-want +got):\n%s", c.starts, diff)
		}
	}
	if ms, ok, err := state.Windows.StreamTime(s); ms != 21 || !ok || err != nil {
		t.Errorf("stream time %d, %v, %v", ms, ok, err)
	}
}

// Whatever a changelog holds, a record makes a row that makes the same record,
// or none.
func FuzzWindowRecords(f *testing.F) {
	f.Add([]byte("k\x00\x00\x00\x00\x00\x00\x00\x0a\x00\x00\x00\x00"), []byte("v"), false, int64(5))
	f.Add([]byte("short"), []byte{}, true, int64(-1))
	f.Fuzz(func(t *testing.T, key, value []byte, null bool, timeMs int64) {
		if null {
			value = nil
		}
		var b state.Batch
		state.Windows.Restore(&b, state.Write{Key: key, Value: value, Delete: null, Time: timeMs})
		if len(key) < 12 {
			if b.Len() != 0 {
				t.Errorf("a key of %d bytes makes a row", len(key))
			}
			return
		}
		var scratch []byte
		got, ok, err := state.Windows.Record(b.At(0), &scratch)
		want := append(slices.Clone(key[:len(key)-4]), 0, 0, 0, 0)
		if !ok || err != nil || !bytes.Equal(got.Key, want) || !bytes.Equal(got.Value, value) || got.Delete != null || got.Time != timeMs {
			t.Errorf("%x = %x (null %v) at %d became %+v, %v, %v", key, value, null, timeMs, got, ok, err)
		}
	})
}
