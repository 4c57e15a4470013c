package state_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// The bytes are those of Kafka Streams 4.3.
func TestBytesOfSessionKeys(t *testing.T) {
	s := state.SessionSerde(serde.String)
	session := state.Windowed[string]{Key: "k", Start: 1, End: 5}
	b, err := s.Append([]byte("before "), session)
	if got, want := hex.EncodeToString(b), hex.EncodeToString([]byte("before "))+"6b00000000000000050000000000000001"; got != want || err != nil {
		t.Fatalf("got %s, %v, want %s", got, err, want)
	}
	if w, err := s.Decode(b[len("before "):]); w != session || err != nil {
		t.Errorf("got %v, %v", w, err)
	}
	if _, err := s.Decode(b[:15]); err == nil {
		t.Error("15 bytes are accepted")
	}
	if got := serde.NameOf(s); got != "session string" {
		t.Error(got)
	}
	if got := s.(interface{ PartitionKey([]byte) []byte }).PartitionKey(b); string(got) != "before k" {
		t.Errorf("%q chooses the partition", got)
	}
}

func TestBytesOfSessionRows(t *testing.T) {
	const retention = 256 * time.Millisecond // segments of 128 ms
	for _, c := range []struct {
		from, to                   int64
		key, row, index, changelog string
	}{
		{1, 5, "k", "100000000000000 6b0001 8000000000000005 8000000000000001", "01 8000000000000005 8000000000000001 6b", "6b 0000000000000005 0000000000000001"},
		{-1, 130, "\x00", "100000000000001 00ff0001 8000000000000082 7fffffffffffffff", "01 8000000000000082 7fffffffffffffff 00", "00 0000000000000082 ffffffffffffffff"},
	} {
		compact := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		logged, err := hex.DecodeString(compact(c.changelog))
		if err != nil {
			t.Fatal(err)
		}
		record := state.Write{Key: logged, Value: []byte("v"), Time: 7}
		for format, first := range map[state.Format]string{state.Sessions: "870", state.Sessions.ByTime(): "c70"} {
			var b state.Batch
			restoring(t, format, retention, open(t)).Add(&b, record)
			w := b.At(0)
			if got := hex.EncodeToString(w.Key); got != first+compact(c.row) || string(w.Value) != "\x00\x00\x00\x00\x00\x00\x00\x07v" {
				t.Errorf("row of %d: %s = %x", c.to, got, w.Value)
			}
			scratch := []byte("before")
			got, ok, err := format.Record(w, &scratch)
			if !ok || err != nil || fmt.Sprint(got) != fmt.Sprint(record) || !strings.HasPrefix(string(scratch), "before") {
				t.Errorf("record of %d: %v, %v, %v", c.to, got, ok, err)
			}
			if format == state.Sessions {
				continue
			}
			if got := hex.EncodeToString(b.At(1).Key); got != compact(c.index) || len(b.At(1).Value) != 0 {
				t.Errorf("index of %d: %s", c.to, got)
			}
			if _, ok, err := format.Record(b.At(1), &scratch); ok || err != nil {
				t.Errorf("the changelog hears of the index: %v", err)
			}
		}
	}
}

func restoring(t *testing.T, f state.Format, retention time.Duration, s state.Store) *state.Restoring {
	t.Helper()
	r, err := f.Restoring(s, retention)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestChangelogOfSessionsDoesNotHearOfLocalWrites(t *testing.T) {
	var b state.Batch
	format := state.Sessions.ByTime()
	format.SetStreamTime(&b, 5)
	format.Segments(ten).Expire(&b, 3)
	var scratch []byte
	for i := range b.Len() {
		if _, ok, err := format.Record(b.At(i), &scratch); ok || err != nil {
			t.Errorf("write %d: %v, %v", i, ok, err)
		}
	}
	b.Reset()
	b.Set([]byte("short"), []byte("12345678"), 0)
	if _, _, err := format.Record(b.At(0), &scratch); err == nil {
		t.Error("a row without a session is logged")
	}
}

func TestExpiredSessionsAreNotRestored(t *testing.T) {
	s := open(t)
	format := state.Sessions.ByTime()
	layout := format.Segments(ten) // segments of 8 ms
	load := func(ends ...int64) (rows []int64) {
		t.Helper()
		r := restoring(t, format, ten, s)
		var b state.Batch
		for _, end := range ends {
			key, err := state.SessionSerde(serde.String).Append(nil, state.Windowed[string]{Key: "k", Start: end, End: end})
			if err != nil {
				t.Fatal(err)
			}
			r.Add(&b, state.Write{Key: key, Value: []byte("v")})
		}
		r.Add(&b, state.Write{Key: []byte("of no session")[:12], Value: []byte("v")})
		r.Finish(&b)
		if err := s.Load(&b, state.Position{}); err != nil {
			t.Fatal(err)
		}
		for _, bounds := range [][2][]byte{{layout.First(), layout.Last()}, {{1}, layout.IndexEnd(math.MaxInt64)}} {
			c := s.Scan(bounds[0], bounds[1], false)
			n := 0
			for ; c.Next(); n++ {
				if ms, _, err := layout.CutTimes(c.Key()); err == nil {
					rows = append(rows, ms)
				}
			}
			if n != len(rows) {
				t.Errorf("%d rows in the index, %d in all", n, len(rows))
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
		return rows
	}
	for _, c := range []struct{ ends, want []int64 }{
		{nil, nil},
		{[]int64{-5, 0, 5}, []int64{-5, 0, 5}}, // -5 is in a segment that lives
		{[]int64{-6, 18, 8, 9}, []int64{9, 18}},
		{[]int64{3}, []int64{9, 18}}, // the stream time is part of the store
		{[]int64{21}, []int64{9, 18, 21}},
		{[]int64{26}, []int64{18, 21, 26}},
	} {
		if diff := cmp.Diff(c.want, load(c.ends...)); diff != "" {
			t.Errorf("after %v (-want +got):\n%s", c.ends, diff)
		}
	}
	if ms, ok, err := format.StreamTime(s); ms != 26 || !ok || err != nil {
		t.Errorf("stream time %d, %v, %v", ms, ok, err)
	}
}

func TestDamagedRowsAreNotMoved(t *testing.T) {
	s := open(t)
	var b state.Batch
	b.Set([]byte("\x90damaged"), nil, 0)
	if err := s.Apply(&b, state.Position{}); err != nil {
		t.Fatal(err)
	}
	if _, err := state.Sessions.Restoring(s, ten); err == nil {
		t.Error("no error")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := state.Sessions.Restoring(s, ten); !errors.Is(err, state.ErrClosed) {
		t.Error(err)
	}
}

// Whatever a changelog holds, a record makes a row that makes the same record,
// or none.
func FuzzSessionRecords(f *testing.F) {
	f.Add([]byte("k\x00\x00\x00\x00\x00\x00\x00\x0a\x00\x00\x00\x00\x00\x00\x00\x05"), []byte("v"), false, int64(5), int64(10))
	f.Add([]byte("short"), []byte{}, true, int64(-1), int64(0))
	f.Fuzz(func(t *testing.T, key, value []byte, null bool, timeMs, retentionMs int64) {
		if null {
			value = nil
		}
		retention := time.Duration(uint64(retentionMs) % (math.MaxInt64 / uint64(time.Millisecond)) * uint64(time.Millisecond))
		s := open(t)
		var b state.Batch
		restoring(t, state.Sessions, retention, s).Add(&b, state.Write{Key: key, Value: value, Delete: null, Time: timeMs})
		if len(key) < 16 {
			if b.Len() != 0 {
				t.Errorf("a key of %d bytes makes a row", len(key))
			}
			return
		}
		var scratch []byte
		got, ok, err := state.Sessions.Record(b.At(0), &scratch)
		if !ok || err != nil || !bytes.Equal(got.Key, key) || !bytes.Equal(got.Value, value) || got.Delete != null || got.Time != timeMs {
			t.Errorf("%x = %x (null %v) at %d became %+v, %v, %v", key, value, null, timeMs, got, ok, err)
		}
	})
}

// Whatever a store holds, a row is refused or is what makes the same bytes.
func FuzzSegmentRow(f *testing.F) {
	layout := state.Sessions.Segments(ten)
	f.Add(layout.AppendKey(nil, state.SegmentRow{Key: []byte("k\x00"), TimeMs: 5, FromMs: -5}))
	f.Add([]byte("\x83\x80\x00\x00\x00\x00\x00\x00\x00\x00\x0112345678"))
	f.Fuzz(func(t *testing.T, key []byte) {
		r, err := layout.DecodeKey(key, new([]byte))
		if err != nil {
			return
		}
		again, err := layout.DecodeKey(layout.AppendKey(nil, r), new([]byte))
		if diff := cmp.Diff(r, again); err != nil || diff != "" {
			t.Errorf("%x: %v %s", key, err, diff)
		}
	})
}
