package store_test

import (
	"iter"
	"testing"

	"github.com/millrace-io/millrace/internal/store"
)

// filled has a to d in the base, and above it aa come and gone, b frozen,
// c deleted, d dirty and e new.
func filled(t *testing.T) (*base, *store.KeyValue[string, string]) {
	t.Helper()
	b := &base{}
	for _, k := range []string{"a", "b", "c", "d"} {
		b.m.Set(k, timed(1, "base"))
	}
	s := open(b, text{})
	do(t, s.Put("b", "frozen"))
	freeze(t, s, 1)
	_, _, err := s.Get("aa")
	do(t, err, s.Put("aa", "gone"), s.Delete("aa"))
	do(t, s.Delete("c"), s.Put("d", "dirty"), s.Put("e", "new"))
	return b, s
}

func rows(seq iter.Seq2[string, string]) (rows []string) {
	for k, v := range seq {
		rows = append(rows, k+"="+v)
	}
	return rows
}

func TestScanMergesTheTransactionsOverTheBase(t *testing.T) {
	_, s := filled(t)
	same(t, rows(s.All()), []string{"a=base", "b=frozen", "d=dirty", "e=new"})
	same(t, rows(s.Range("aa", "e")), []string{"b=frozen", "d=dirty"})
	for _, empty := range [][2]string{{"c", "d"}, {"b", "b"}, {"d", "a"}, {"", ""}, {"a", ""}} {
		same(t, rows(s.Range(empty[0], empty[1])), nil)
	}
	do(t, s.ScanErr())
}

func TestScanSeesTheStateAsOfItsStart(t *testing.T) {
	b, s := filled(t)
	first := true
	var got []string
	all := s.All()
	for k, v := range all {
		got = append(got, k+"="+v)
		if first {
			first = false
			do(t, s.Put("a", "x"), s.Delete("b"), s.Put("c", "x"), s.Delete("d"), s.Put("e", "x"), s.Put("f", "x"))
			do(t, s.Delete("f"))
		}
	}
	same(t, got, []string{"a=base", "b=frozen", "d=dirty", "e=new"})
	same(t, rows(all), []string{"a=x", "c=x", "e=x"}) // ranged over again, it starts again
	do(t, s.ScanErr(), s.Check())
	if b.open != 0 {
		t.Fatal("a cursor is open")
	}
}

func TestScanSurvivesUndoAndCommit(t *testing.T) {
	for name, change := range map[string]func(*store.KeyValue[string, string]){
		"undo":    func(s *store.KeyValue[string, string]) { s.Undo() },
		"freeze":  func(s *store.KeyValue[string, string]) { freeze(t, s, 2) },
		"applied": func(s *store.KeyValue[string, string]) { s.Applied(1); s.Evict(0) },
		"discard": func(s *store.KeyValue[string, string]) { s.Discard() },
	} {
		t.Run(name, func(t *testing.T) {
			_, s := filled(t)
			var got []string
			for k, v := range s.All() {
				got = append(got, k+"="+v)
				change(s)
			}
			same(t, got, []string{"a=base", "b=frozen", "d=dirty", "e=new"})
			do(t, s.ScanErr(), s.Check())
		})
	}
}

func TestScanEndsWithItsLoop(t *testing.T) {
	b, s := filled(t)
	for range s.All() {
		break
	}
	func() {
		defer func() { _ = recover() }()
		for range s.All() {
			panic("in the body")
		}
	}()
	func() {
		for range s.All() {
			return
		}
	}()
	do(t, s.ScanErr(), s.Check())
	if b.open != 0 {
		t.Fatalf("%d cursors are open", b.open)
	}
}

func TestScansInScansAreIndependent(t *testing.T) {
	_, s := filled(t)
	want := rows(s.All())
	var outer []string
	for k, v := range s.All() {
		outer = append(outer, k+"="+v)
		before := rows(s.All())
		do(t, s.Delete(k))
		for k2 := range s.All() {
			if k2 == k {
				t.Fatalf("%s is there after its deletion", k)
			}
			do(t, s.Put("zz", "x"), s.Delete("zz"))
		}
		same(t, before, want[len(outer)-1:])
	}
	same(t, outer, want)
	same(t, rows(s.All()), nil)
}
