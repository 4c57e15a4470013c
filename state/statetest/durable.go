package statetest

import (
	"errors"

	"github.com/millrace-io/millrace/state"
)

// needDurable skips the test for a backend that forgets.
func (f *fixture) needDurable() {
	f.t.Helper()
	if !f.db.Durable() {
		f.t.Skip("not durable")
	}
}

func reopenKeepsEverything(f *fixture) {
	f.needDurable()
	a, b := f.store(id(0)), f.store(id(1))
	f.apply(a, 1, "a", "1", "b", "2")
	f.apply(a, 2, "a", "3")
	f.check(b.Load(batch("x", "y"), at(5)))
	f.check(f.db.SetMeta("instance", []byte("4f2a")))
	dropped := f.store(id(2))
	f.apply(dropped, 1, "gone", "1")
	f.check(dropped.Close())
	f.check(f.db.Drop(id(2)))
	cleared := f.store(id(3))
	f.apply(cleared, 1, "gone", "1")
	f.check(cleared.Clear())

	for range 3 {
		f.reopen()
		f.equal("stores", []state.ID{id(0), id(1), id(3)}, f.storedIDs())
		a, b, cleared = f.store(id(0)), f.store(id(1)), f.store(id(3))
		f.equal("entries of a", []pair{{"a", "3"}, {"b", "2"}}, f.all(a))
		f.wantPosition(a, at(2))
		f.equal("entries of b", []pair{{"x", "y"}}, f.all(b))
		f.wantPosition(b, at(5))
		f.wantNew(cleared)
		got, _, err := f.db.Meta("instance")
		f.check(err)
		f.equal("metadata", "4f2a", string(got))
	}
	f.wantNew(f.store(id(2))) // may get the place of a dropped one
	f.wantNew(f.store(id(4)))
}

func secondOpenIsRefused(f *fixture) {
	f.needDurable()
	_, err := f.backend.Open(f.t.Context(), state.Options{App: app})
	if !errors.Is(err, state.ErrLocked) {
		f.t.Fatalf("second Open: %v, want state.ErrLocked", err)
	}
	s := f.store(id(0))
	f.apply(s, 1, "a", "1") // the first one has not suffered
	f.reopen()
	f.equal("entries", []pair{{"a", "1"}}, f.all(f.store(id(0))))
}

func otherAppIsRefused(f *fixture) {
	f.needDurable()
	f.close()
	if _, err := f.backend.Open(f.t.Context(), state.Options{App: "another"}); err == nil || errors.Is(err, state.ErrLocked) {
		f.t.Fatalf("Open by another application: %v, want an error of its own", err)
	}
	f.open()
}
