package lsm

import (
	"fmt"
	"testing"

	"github.com/millrace-io/millrace/state"
)

// writeForever applies numbered batches to two stores, each from where it is,
// and prints the number of each batch after it was applied.
func writeForever(db state.DB) error {
	var stores []state.Store
	for p := range int32(2) {
		s, err := db.Store(state.ID{Name: "counts", Partition: p})
		if err != nil {
			return err
		}
		stores = append(stores, s)
	}
	for {
		for i, s := range stores {
			p, _ := s.Position()
			apply := s.Apply
			if p.Next%3 == 2 {
				apply = s.Load
			}
			if err := apply(numbered(p.Next+1), state.Position{Next: p.Next + 1, CurrentAt: 7}); err != nil {
				return err
			}
			fmt.Println(i, p.Next+1)
		}
	}
}

// A process is killed again and again while it writes. Each store must then
// hold what the batches up to its position make, no more and no less. The last
// batches may be missing although the operating system lives on: what does not
// fill a block of the log (32 kB) is still in pebble's memory.
func TestKilledProcessLeavesWholeBatches(t *testing.T) {
	path := t.TempDir()
	kills := 6
	if testing.Short() {
		kills = 2
	}
	var told, kept [2]int64
	for round := range kills {
		cmd, lines := startChild(t, "write "+path)
		for range 60*round + 25 {
			if !lines.Scan() {
				t.Fatalf("child ended early: %v", lines.Err())
			}
			var store int
			var n int64
			if _, err := fmt.Sscan(lines.Text(), &store, &n); err != nil {
				t.Fatal(err)
			}
			told[store] = n
		}
		if err := cmd.Process.Kill(); err != nil { // SIGKILL, mid-write
			t.Fatal(err)
		}
		_ = cmd.Wait()

		db, err := Dir(path).Open(t.Context(), state.Options{App: "wordcount"})
		if err != nil {
			t.Fatal(err)
		}
		for p := range int32(2) {
			s, err := db.Store(state.ID{Name: "counts", Partition: p})
			if err != nil {
				t.Fatal(err)
			}
			at, ok := s.Position()
			t.Logf("round %d, store %d: at batch %d; %d was announced", round, p, at.Next, told[p])
			if !ok || at.CurrentAt != 7 || at.Next < kept[p] || at.Next == 0 {
				t.Fatalf("position %v, %v; it was %d before", at, ok, kept[p])
			}
			kept[p] = at.Next
			wantNumbered(t, s, 1, at.Next)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
