package statetest

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/state"
)

const app = "statetest"

// fixture is a database under test. Its helpers fail the test.
type fixture struct {
	t       *testing.T
	backend state.Backend
	db      state.DB
}

func (f *fixture) open() {
	f.t.Helper()
	db, err := f.backend.Open(f.t.Context(), state.Options{App: app, CacheBytes: 8 << 20, MemtableBytes: 4 << 20})
	f.check(err)
	f.db = db
}

func (f *fixture) close() {
	f.t.Helper()
	if f.db != nil {
		f.check(f.db.Close())
	}
	f.db = nil
}

func (f *fixture) reopen() {
	f.t.Helper()
	f.close()
	f.open()
}

func (f *fixture) check(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// equal fails the test if want and got differ.
func (f *fixture) equal(what string, want, got any) {
	f.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		f.t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

func id(partition int32) state.ID { return state.ID{Name: "counts", Partition: partition} }

func (f *fixture) store(id state.ID) state.Store {
	f.t.Helper()
	s, err := f.db.Store(id)
	f.check(err)
	return s
}

// at is some position at an offset.
func at(next int64) state.Position {
	return state.Position{TopicID: [16]byte{1, 2, 3, 15: 16}, Next: next, CurrentAt: 1_700_000_000_000 + next}
}

// batch makes a batch of alternating keys and values.
func batch(pairs ...string) *state.Batch {
	b := &state.Batch{}
	for i := 0; i < len(pairs); i += 2 {
		b.Set([]byte(pairs[i]), []byte(pairs[i+1]), 0)
	}
	return b
}

func (f *fixture) apply(s state.Store, next int64, pairs ...string) {
	f.t.Helper()
	f.check(s.Apply(batch(pairs...), at(next)))
}

// get returns a value in quotes, or "missing".
func (f *fixture) get(s state.Store, key string) string {
	f.t.Helper()
	v, ok, err := s.Get(nil, []byte(key))
	f.check(err)
	if !ok {
		return "missing"
	}
	return fmt.Sprintf("%q", v)
}

// pair is an entry of a store.
type pair struct{ Key, Value string }

// scan returns the entries of a range; an empty string is no bound.
func (f *fixture) scan(s state.Store, from, to string, reverse bool) []pair {
	f.t.Helper()
	return f.drain(s.Scan(bound(from), bound(to), reverse))
}

func bound(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}

func (f *fixture) all(s state.Store) []pair {
	f.t.Helper()
	return f.scan(s, "", "", false)
}

func (f *fixture) drain(c state.Cursor) []pair {
	f.t.Helper()
	var got []pair
	for c.Next() {
		got = append(got, pair{string(bytes.Clone(c.Key())), string(bytes.Clone(c.Value()))})
	}
	f.check(c.Err())
	f.check(c.Close())
	return got
}
