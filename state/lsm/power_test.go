package lsm

import (
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// openMem opens a database in a file system in memory.
func openMem(t *testing.T, fs vfs.FS) *db {
	t.Helper()
	lock, err := pebble.LockDirectory("", fs)
	if err != nil {
		t.Fatal(err)
	}
	d, err := open(fs, &folderLock{dir: "", lock: lock}, withDefaults(small), defaultIngest)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The machine loses power: of what was not synced, any part may be on the disk.
// What is left must still be whole batches, and metadata must be there.
func TestPowerLossLeavesWholeBatches(t *testing.T) {
	var lost, kept int64
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		fs := vfs.NewCrashableMem()
		d := openMem(t, fs)
		s := openStore(t, d, 0)
		synced := random.Int64N(100)
		applyNumbered(t, s, 0, synced)
		if err := d.SetMeta("instance", []byte("4f2a")); err != nil {
			t.Fatal(err)
		}
		last := synced + random.Int64N(200)
		applyNumbered(t, s, synced+1, last)
		after := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: random.IntN(101), RNG: random})
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}

		d = openMem(t, after)
		s = openStore(t, d, 0)
		p, ok := s.Position()
		if !ok || p.Next < synced || p.Next > last {
			t.Fatalf("seed %d: position %v, %v; want between %d and %d", seed, p, ok, synced, last)
		}
		wantNumbered(t, s, 0, p.Next)
		if v, ok, err := d.Meta("instance"); string(v) != "4f2a" || !ok || err != nil {
			t.Fatalf("seed %d: metadata %q, %v, %v", seed, v, ok, err)
		}
		lost += last - p.Next
		kept += p.Next - synced
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if lost == 0 || kept == 0 {
		t.Fatalf("%d batches lost and %d kept: this tests nothing", lost, kept)
	}
}
