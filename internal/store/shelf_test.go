package store

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/state"
)

// Values change their lengths, so that gaps come about and are closed, and keys
// come back that the base had no longer.
func TestShelfAgreesWithMaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &shelf{below: -5}
		rows := map[string]string{}
		at := rapid.Custom(func(t *rapid.T) []byte {
			row := state.WindowRow{StartMs: rapid.Int64Range(s.below+1, s.below+4).Draw(t, "start")}
			row.Key = fmt.Append(nil, rapid.IntRange(0, 200).Draw(t, "key"))
			return row.AppendKey(nil)
		})
		value := rapid.Custom(func(t *rapid.T) []byte {
			return bytes.Repeat([]byte{rapid.Byte().Draw(t, "byte")}, rapid.SampledFrom([]int{0, 16, 16, 17, 300}).Draw(t, "length"))
		})
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				for range rapid.IntRange(1, 100).Draw(t, "rows") {
					key, value := at.Draw(t, "row"), value.Draw(t, "value")
					s.put(key, value)
					rows[string(key)] = string(value)
				}
			},
			"drop": func(t *rapid.T) {
				if below := s.below + rapid.Int64Range(-1, 2).Draw(t, "windows"); rapid.Bool().Draw(t, "oldest") {
					s.dropOldest()
				} else {
					s.drop(below)
				}
				maps.DeleteFunc(rows, func(key, _ string) bool { return startOf([]byte(key)) <= s.below })
			},
			"": func(t *rapid.T) {
				for key, want := range rows {
					if got, ok, err := s.Get([]byte("before "), []byte(key)); string(got) != "before "+want || ok != (want != "") || err != nil {
						t.Fatalf("%x is %q, %v, %v, want %q", key, got, ok, err, want)
					}
				}
				if err := s.check(); err != nil {
					t.Fatal(err)
				}
			},
		})
	})
}

// check compares what a shelf keeps up to date with the same counted from scratch.
func (s *shelf) check() error {
	var bytes int64
	for _, w := range s.windows {
		bytes += w.memory()
		if w.startMs <= s.below {
			return fmt.Errorf("the window of %d is not behind %d", w.startMs, s.below)
		}
	}
	if bytes != s.bytes {
		return fmt.Errorf("windows on the shelf have %d bytes, want %d", s.bytes, bytes)
	}
	if !slices.IsSortedFunc(s.windows, func(a, b *shelved) int { return cmp.Compare(a.startMs, b.startMs) }) {
		return fmt.Errorf("windows on the shelf are not in order")
	}
	return nil
}
