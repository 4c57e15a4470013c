package state_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/state"
)

func memoryStore(t *testing.T) state.Store {
	t.Helper()
	db, err := state.Memory().Open(t.Context(), state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := db.Store(state.ID{Name: "left"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// restoreRecords loads records of a changelog, with a retention of 10 ms, and
// lists the rows that are there then.
func restoreRecords(t *testing.T, s state.Store, records ...state.Write) (rows []string) {
	t.Helper()
	r, err := state.Records.Restoring(s, brief)
	if err != nil {
		t.Fatal(err)
	}
	var b state.Batch
	for _, record := range records {
		r.Add(&b, record)
	}
	r.Finish(&b)
	if err := s.Load(&b, state.Position{}); err != nil {
		t.Fatal(err)
	}
	layout := state.Records.Segments(brief)
	c := s.Scan(layout.First(), layout.Last(), false)
	defer c.Close()
	for c.Next() {
		at, err := layout.DecodeKey(c.Key(), new([]byte))
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, fmt.Sprintf("%s@%d.%d=%s", at.Key, at.TimeMs, at.FromMs, c.Value()))
	}
	return rows
}

// brief is a retention of segments of 8 ms.
const brief = 60 * time.Millisecond

// logged is the changelog record of a row, as Kafka Streams writes it.
func logged(key string, ms int64, seq int32, value string) state.Write {
	b := binary.BigEndian.AppendUint64([]byte(key), uint64(ms))
	return state.Write{Key: binary.BigEndian.AppendUint32(b, uint32(seq)), Value: []byte(value), Time: ms}
}

// neededFrom is the changelog record that says from when on rows are needed.
func neededFrom(ms int64) state.Write {
	w := logged("", ms, -1, "")
	w.Value, w.Delete = nil, true
	return w
}

// The bytes are those of Kafka Streams 4.3, and those that docs/formats.md gives.
func TestBytesOfRecords(t *testing.T) {
	for _, c := range []struct {
		key            string
		ms             int64
		seq            int32
		row, changelog string
	}{
		{"k", 10, 1, "83 1000000000000001 6b0001 800000000000000a 8000000000000001", "6b 000000000000000a 00000001"},
		{"", 0, 0, "83 1000000000000000 0001 8000000000000000 8000000000000000", "0000000000000000 00000000"},
		{"\x00", -1, math.MaxInt32, "83 0fffffffffffffff 00ff0001 7fffffffffffffff 800000007fffffff", "00 ffffffffffffffff 7fffffff"},
	} {
		plain := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		record := logged(c.key, c.ms, c.seq, "v")
		if got := hex.EncodeToString(record.Key); got != plain(c.changelog) {
			t.Fatalf("changelog of %q: %s", c.key, got)
		}
		rows, err := state.Records.Restoring(memoryStore(t), brief)
		if err != nil {
			t.Fatal(err)
		}
		var b state.Batch
		rows.Add(&b, record)
		w := b.At(0)
		if got := hex.EncodeToString(w.Key); got != plain(c.row) || string(w.Value) != "v" {
			t.Errorf("row of %q: %s = %q", c.key, got, w.Value)
		}
		scratch := []byte("before")
		got, ok, err := state.Records.Record(w, &scratch)
		if !ok || err != nil || fmt.Sprint(got) != fmt.Sprint(record) || !strings.HasPrefix(string(scratch), "before") {
			t.Errorf("record of %q: %v, %v, %v", c.key, got, ok, err)
		}
	}
}

func TestChangelogOfRecordsHearsFromWhenOnTheyAreNeeded(t *testing.T) {
	var b state.Batch
	state.Records.SetStreamTime(&b, 5)
	state.Records.Segments(brief).Expire(&b, 5)
	var scratch []byte
	got, ok, err := state.Records.Record(b.At(0), &scratch)
	if !ok || err != nil || fmt.Sprint(got) != fmt.Sprint(neededFrom(5)) {
		t.Errorf("%v, %v, %v", got, ok, err)
	}
	if _, ok, err := state.Records.Record(b.At(1), &scratch); ok || err != nil {
		t.Errorf("a range is logged: %v", err)
	}
	b.Reset()
	b.Set([]byte{0}, []byte("short"), 0)
	b.Set([]byte("short"), nil, 0)
	for i := range b.Len() {
		if _, _, err := state.Records.Record(b.At(i), &scratch); err == nil {
			t.Errorf("damaged row %d is logged", i)
		}
	}
	if got := state.Records.String(); got != "records" {
		t.Error(got)
	}
}

// A row far behind the latest one is restored: only the operator knows that it is
// not needed.
func TestRecordsThatAreNeededAreRestored(t *testing.T) {
	s := memoryStore(t)
	gone := logged("a", 90, 0, "")
	gone.Value, gone.Delete = nil, true
	for i, c := range []struct {
		records []state.Write
		want    []string
	}{
		{nil, nil},
		{
			[]state.Write{logged("a", 1000, 0, "x"), logged("a", 0, 0, "y"), logged("a", 0, 1, "z"), {Key: []byte("short"), Value: []byte("v")}},
			[]string{"a@0.0=y", "a@0.1=z", "a@1000.0=x"},
		},
		{[]state.Write{neededFrom(90), logged("a", 90, 0, "n"), logged("a", 89, 0, "o")}, []string{"a@90.0=n", "a@1000.0=x"}},
		{[]state.Write{neededFrom(20), logged("b", 89, 0, "o"), gone}, []string{"a@1000.0=x"}}, // it stays in the store
		{[]state.Write{logged("b", 95, 0, "o"), neededFrom(101)}, []string{"a@1000.0=x"}},
	} {
		if diff := cmp.Diff(c.want, restoreRecords(t, s, c.records...)); diff != "" {
			t.Errorf("step %d (-want +got):\n%s", i, diff)
		}
	}
	if ms, ok, err := state.Records.StreamTime(s); ms != 101 || !ok || err != nil {
		t.Errorf("needed from %d on, %v, %v", ms, ok, err)
	}
}

// Whatever a changelog holds, a record makes a row that makes the same record,
// or none.
func FuzzRecords(f *testing.F) {
	f.Add([]byte("k\x00\x00\x00\x00\x00\x00\x00\x0a\x00\x00\x00\x01"), []byte("v"), false, int64(5))
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x00\x0a\xff\xff\xff\xff"), []byte{}, true, int64(5))
	f.Add([]byte("short"), []byte{}, true, int64(-1))
	f.Fuzz(func(t *testing.T, key, value []byte, null bool, timeMs int64) {
		if null {
			value = nil
		}
		r, err := state.Records.Restoring(memoryStore(t), brief)
		if err != nil {
			t.Fatal(err)
		}
		var b state.Batch
		r.Add(&b, state.Write{Key: slices.Clone(key), Value: value, Delete: null, Time: timeMs})
		if len(key) < 12 {
			if b.Len() != 0 {
				t.Errorf("a key of %d bytes makes a row", len(key))
			}
			return
		}
		if r.Finish(&b); len(key) == 12 && null && bytes.Equal(key[8:], []byte{255, 255, 255, 255}) {
			timeMs = int64(binary.BigEndian.Uint64(key)) // of the row that says what is needed
		}
		var scratch []byte
		got, ok, err := state.Records.Record(b.At(0), &scratch)
		if !ok || err != nil || !bytes.Equal(got.Key, key) || !bytes.Equal(got.Value, value) || got.Delete != null || got.Time != timeMs {
			t.Errorf("%x = %x (null %v) at %d became %+v, %v, %v", key, value, null, timeMs, got, ok, err)
		}
	})
}

// What lives long mostly lies on disk, where each segment is another look-up.
func TestRecordsOfAMinuteHaveShorterSegments(t *testing.T) {
	for _, c := range []struct {
		format    state.Format
		retention time.Duration
		length    uint64 // ms
	}{
		{state.Records, time.Second, 128},
		{state.Records, time.Minute, 8192},
		{state.Records, time.Minute + time.Millisecond, 32768},
		{state.Sessions, time.Minute, 32768},
	} {
		layout := c.format.Segments(c.retention)
		if got := (1 << 40) / (layout.Segment(1<<40) - layout.Segment(0)); got != c.length {
			t.Errorf("segments of %s for %s have %d ms, want %d", c.format, c.retention, got, c.length)
		}
	}
}
