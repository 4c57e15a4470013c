package statetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/millrace-io/millrace/state"
)

// wantPosition fails unless the store's position is p.
func (f *fixture) wantPosition(s state.Store, p state.Position) {
	f.t.Helper()
	got, ok := s.Position()
	f.equal("position is there", true, ok)
	f.equal("position", p, got)
}

// wantNew fails if the store holds anything.
func (f *fixture) wantNew(s state.Store) {
	f.t.Helper()
	f.equal("entries", []pair(nil), f.all(s))
	_, ok := s.Position()
	f.equal("position is there", false, ok)
}

func positionGoesWithTheBatch(f *fixture) {
	s := f.store(id(0))
	f.wantNew(s)
	f.apply(s, 7, "a", "1")
	f.wantPosition(s, at(7))
	f.check(s.Apply(&state.Batch{}, at(9))) // nothing of ours in the transaction
	f.wantPosition(s, at(9))
	f.equal("entries", []pair{{"a", "1"}}, f.all(s))
	other := state.Position{TopicID: [16]byte{9}, Next: 1, CurrentAt: -1}
	f.check(s.Apply(batch(), other))
	f.wantPosition(s, other)
	f.check(s.Apply(batch(), state.Position{}))
	f.wantPosition(s, state.Position{})
}

func loadDoesWhatApplyDoes(f *fixture) {
	s := f.store(id(0))
	n := 0
	for i := range 20 {
		b := &state.Batch{}
		for j := range 1000 {
			k := fmt.Appendf(nil, "%05d", (i*1000+j*37)%15_000)
			b.Set(k, fmt.Append(nil, i, j), 0)
		}
		b.Delete(fmt.Appendf(nil, "%05d", i), 0)
		n += b.Len()
		if i%3 > 0 {
			b.Sort()
		}
		f.check(s.Load(b, at(int64(i))))
		f.wantPosition(s, at(int64(i)))
	}
	f.apply(s, 21, "after", "load")
	f.equal("after", `"load"`, f.get(s, "after"))
	f.equal("deleted last", "missing", f.get(s, "00019"))
	if got := len(f.all(s)); got < 1000 || got > n {
		f.t.Fatalf("%d entries after loading %d writes", got, n)
	}
}

func clearEmptiesAndForgets(f *fixture) {
	s, other := f.store(id(0)), f.store(id(1))
	f.check(s.Clear()) // of nothing
	f.wantNew(s)
	f.apply(s, 1, "a", "1", "b", "2", "\xff\xff\xff\xff", "3", "", "4")
	f.apply(other, 2, "a", "1", "", "2")
	f.check(s.Clear())
	f.wantNew(s)
	f.equal("get", "missing", f.get(s, "a"))
	f.equal("neighbour", []pair{{"", "2"}, {"a", "1"}}, f.all(other))
	f.wantPosition(other, at(2))

	f.apply(s, 3, "b", "5")
	f.equal("entries written after", []pair{{"b", "5"}}, f.all(s))
	f.wantPosition(s, at(3))
}

func dropDeletes(f *fixture) {
	f.check(f.db.Drop(id(5))) // never existed
	s, other := f.store(id(0)), f.store(id(1))
	f.apply(s, 1, "a", "1")
	f.apply(other, 2, "a", "1")
	if err := f.db.Drop(id(0)); err == nil {
		f.t.Fatal("Drop of an open store is no error")
	}
	f.equal("entries after the refused drop", []pair{{"a", "1"}}, f.all(s))
	f.check(s.Close())
	f.check(f.db.Drop(id(0)))
	f.equal("stored", []state.ID{id(1)}, f.storedIDs())
	f.wantNew(f.store(id(0)))
	f.equal("neighbour", []pair{{"a", "1"}}, f.all(other))
}

func storesAreApart(f *fixture) {
	ids := []state.ID{
		{Name: "counts", Partition: 0}, {Name: "counts", Partition: 1}, {Name: "counts", Partition: 256},
		{Name: "count", Partition: 0}, {Name: "counts1", Partition: 0}, {Name: "", Partition: 0},
	}
	var stores []state.Store
	for i, id := range ids {
		s := f.store(id)
		stores = append(stores, s)
		f.apply(s, int64(i), "", fmt.Sprint(i), "same", fmt.Sprint(i), "\xff\xff\xff\xff\xff", fmt.Sprint(i))
	}
	for i, s := range stores {
		v := fmt.Sprint(i)
		want := []pair{{"", v}, {"same", v}, {"\xff\xff\xff\xff\xff", v}}
		f.equal("entries", want, f.all(s))
		f.equal("reverse", reversed(want), f.scan(s, "", "", true))
		f.wantPosition(s, at(int64(i)))
	}
}

func storeOpensOnce(f *fixture) {
	s := f.store(id(0))
	if _, err := f.db.Store(id(0)); err == nil {
		f.t.Fatal("second opening of a store is no error")
	}
	f.check(s.Close())
	f.check(s.Close())
	again := f.store(id(0))
	f.check(s.Close()) // the old one must not close the new one
	f.apply(again, 1, "a", "1")
	if _, err := f.db.Store(id(0)); err == nil {
		f.t.Fatal("closing an old handle made a store open that is in use")
	}
}

func closedStoreKeepsContents(f *fixture) {
	s := f.store(id(0))
	f.apply(s, 3, "a", "1", "b", "2")
	f.check(s.Close())
	s = f.store(id(0))
	f.equal("entries", []pair{{"a", "1"}, {"b", "2"}}, f.all(s))
	f.wantPosition(s, at(3))
}

func (f *fixture) storedIDs() []state.ID {
	f.t.Helper()
	list, err := f.db.Stored()
	f.check(err)
	var ids []state.ID
	for _, s := range list {
		ids = append(ids, s.ID)
	}
	return ids
}

func storedLists(f *fixture) {
	f.equal("at first", []state.ID(nil), f.storedIDs())
	start := time.Now().Truncate(time.Millisecond)
	a, b := f.store(id(0)), f.store(id(1))
	f.apply(a, 7, "a", "1")
	f.check(a.Close())
	list, err := f.db.Stored()
	f.check(err)
	f.equal("ids", []state.ID{id(0), id(1)}, f.storedIDs())
	f.equal("position", at(7), list[0].Position)
	f.equal("position of one never written", state.Position{}, list[1].Position)
	for _, s := range list {
		if s.LastUsed.Before(start) || s.LastUsed.After(time.Now()) {
			f.t.Fatalf("last use of %v at %v is not within the test", s.ID, s.LastUsed)
		}
	}
	f.check(b.Close())
}

func metadata(f *fixture) {
	_, ok, err := f.db.Meta("instance")
	f.check(err)
	f.equal("before", false, ok)
	value := []byte("4f2a")
	f.check(f.db.SetMeta("instance", value))
	f.check(f.db.SetMeta("instance-2", nil))
	clear(value)
	got, ok, err := f.db.Meta("instance")
	f.check(err)
	f.equal("value", "4f2a", string(got))
	f.equal("ok", true, ok)
	_, ok, err = f.db.Meta("instance-2")
	f.check(err)
	f.equal("empty value is one", true, ok)
	f.check(f.db.SetMeta("instance", []byte("5")))
	got, _, err = f.db.Meta("instance")
	f.check(err)
	f.equal("overwritten", "5", string(got))
	f.equal("metadata is no store", []state.ID(nil), f.storedIDs())
}

func useAfterClose(f *fixture) {
	closed := func(what string, err error) {
		f.t.Helper()
		if !errors.Is(err, state.ErrClosed) {
			f.t.Fatalf("%s after close: %v, want state.ErrClosed", what, err)
		}
	}
	use := func(s state.Store) {
		f.t.Helper()
		_, _, err := s.Get(nil, []byte("a"))
		closed("Get", err)
		c := s.Scan(nil, nil, false)
		f.equal("Next", false, c.Next())
		closed("Scan", c.Err())
		f.check(c.Close())
		closed("Apply", s.Apply(batch("a", "2"), at(2)))
		closed("Load", s.Load(batch("a", "2"), at(2)))
		closed("Clear", s.Clear())
		f.check(s.Close())
	}
	s := f.store(id(0))
	f.apply(s, 1, "a", "1")
	f.check(s.Close())
	use(s)
	s = f.store(id(0))
	db := f.db
	f.close()
	use(s)
	_, err := db.Store(id(0))
	closed("Store", err)
	_, _, err = db.Meta("a")
	closed("Meta", err)
	closed("SetMeta", db.SetMeta("a", nil))
	_, err = db.Stored()
	closed("Stored", err)
	closed("Drop", db.Drop(id(0)))
	f.equal("figures", 0, len(db.Figures().Stores))
	f.check(db.Close())
}
