package lsm

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/state/statetest"
)

// Whatever is sorted is ingested here.
func TestConformsIngesting(t *testing.T) {
	statetest.Run(t, func(t *testing.T) state.Backend {
		return dir{path: t.TempDir(), fs: vfs.Default, ingestFrom: 1}
	})
}

// sorted is numbered(n) as a restore would have it.
func sorted(n int64) *state.Batch {
	b := numbered(n)
	b.Sort()
	return b
}

func (d *db) ingested() (tables uint64) { return d.pebble.Metrics().Ingest.Count }

func TestLargeSortedBatchesAreIngested(t *testing.T) {
	path := t.TempDir()
	opened, err := dir{path: path, fs: vfs.Default, ingestFrom: sorted(0).Bytes()}.Open(t.Context(), small)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	d := opened.(*db)
	s := openStore(t, d, 0)
	ranges := sorted(1)
	ranges.DeleteRange([]byte("x"), []byte("y"))
	ranges.DeleteRange([]byte("a"), []byte("c"))
	ranges.DeleteRange([]byte("w"), []byte("z"))
	ranges.Sort()
	little := numbered(2)
	little.Truncate(20)
	little.Sort()
	for _, c := range []struct {
		what  string
		batch *state.Batch
		want  uint64
	}{
		{"sorted", sorted(0), 1},
		{"not sorted", numbered(1), 1},
		{"with ranges", ranges, 2},
		{"little", little, 2},
		{"sorted, over what is in the memtable", sorted(2), 3},
	} {
		if err := s.Load(c.batch, state.Position{Next: 1}); err != nil {
			t.Fatal(err)
		}
		if got := d.ingested(); got != c.want {
			t.Errorf("%s: %d batches were ingested, want %d", c.what, got, c.want)
		}
	}
	wantNumbered(t, s, 0, 2)
	wantNoLoads(t, path)
}

func wantNoLoads(t *testing.T, path string) {
	t.Helper()
	files, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), loadPrefix) {
			t.Errorf("%s was left", f.Name())
		}
	}
}

// A store that was cleared has its deletion in the memtable.
func TestIngestOverAClearedStore(t *testing.T) {
	d := openMem(t, vfs.NewMem())
	defer d.Close()
	d.ingestFrom = 1
	s := openStore(t, d, 0)
	for n := range int64(3) {
		if err := s.Load(sorted(10+n), state.Position{Next: n}); err != nil {
			t.Fatal(err)
		}
		if err := s.Clear(); err != nil {
			t.Fatal(err)
		}
		if err := s.Load(sorted(n), state.Position{Next: n}); err != nil {
			t.Fatal(err)
		}
		wantNumbered(t, s, n, n)
	}
	if d.ingested() != 6 {
		t.Errorf("%d batches were ingested", d.ingested())
	}
}

// noLinks is a file system that knows no hard links.
type noLinks struct{ vfs.FS }

func (noLinks) Link(string, string) error { return syscall.ENOTSUP }

func TestWithoutLinksTheLogIsUsed(t *testing.T) {
	path := t.TempDir()
	opened, err := dir{path: path, fs: noLinks{vfs.Default}, ingestFrom: 1}.Open(t.Context(), small)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	s := openStore(t, opened.(*db), 0)
	for n := range int64(3) {
		if err := s.Load(sorted(n), state.Position{Next: n}); err != nil {
			t.Fatal(err)
		}
	}
	wantNumbered(t, s, 0, 2)
	wantNoLoads(t, path)
}

// countdown makes every write to the disk from number n on fail.
type countdown struct{ left atomic.Int64 }

func (c *countdown) String() string { return "countdown" }

func (c *countdown) MaybeError(op errorfs.Op) error {
	if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && c.left.Add(-1) < 0 {
		return fmt.Errorf("injected: %w", syscall.ENOSPC)
	}
	return nil
}

// The disk is full at each step of a Load. The Load says so, reads go on, the
// database closes, and when there is room again the store is at the position
// before or behind, from which the changelog goes on.
func TestDiskFullAtEachStepOfIngesting(t *testing.T) {
	for _, overlap := range []bool{false, true} {
		t.Run(fmt.Sprint("over a memtable ", overlap), func(t *testing.T) {
			failures := 0
			for n := int64(0); ; n++ {
				inject := new(countdown)
				inject.left.Store(1 << 40)
				path := t.TempDir()
				backend := dir{path: path, fs: errorfs.Wrap(vfs.Default, inject), ingestFrom: 1}
				opened, err := backend.Open(t.Context(), small)
				if err != nil {
					t.Fatal(err)
				}
				s := openStore(t, opened.(*db), 0)
				first := s.Load
				if overlap {
					first = s.Apply
				}
				if err := first(sorted(0), state.Position{Next: 1}); err != nil {
					t.Fatal(err)
				}
				inject.left.Store(n)
				failure := s.Load(sorted(1), state.Position{Next: 2})
				full := inject.left.Load() < 0
				if failure != nil {
					failures++
					if !errors.Is(failure, syscall.ENOSPC) || !strings.Contains(failure.Error(), "is full") {
						t.Fatalf("step %d: %v", n, failure)
					}
				}
				if err := compareNumbered(s, 0, 0); err != nil {
					if err := compareNumbered(s, 0, 1); err != nil {
						t.Fatalf("step %d: reads after the failure: %v", n, err)
					}
				}
				if err := opened.Close(); err != nil {
					t.Fatalf("step %d: close: %v", n, err)
				}

				inject.left.Store(1 << 40)
				opened, err = backend.Open(t.Context(), small)
				if err != nil {
					t.Fatalf("step %d: %v", n, err)
				}
				wantNoLoads(t, path)
				s = openStore(t, opened.(*db), 0)
				at := wantAtOrAhead(t, fmt.Sprint("step ", n), s)
				if at == 0 && !overlap {
					t.Fatalf("step %d: the first Load is lost", n)
				}
				for ; at < 2; at++ {
					if err := s.Load(sorted(at), state.Position{Next: at + 1}); err != nil {
						t.Fatalf("step %d: %v", n, err)
					}
				}
				wantNumbered(t, s, 0, 1)
				if err := opened.Close(); err != nil {
					t.Fatal(err)
				}
				if !full {
					break
				}
			}
			if failures < 5 {
				t.Errorf("%d failures: this tests nothing", failures)
			}
		})
	}
}

// wantAtOrAhead fails unless the store holds what the batches before its
// position make, or those and the next. It returns the position.
func wantAtOrAhead(t *testing.T, what string, s state.Store) int64 {
	t.Helper()
	p, _ := s.Position()
	if err := compareNumbered(s, 0, p.Next-1); err != nil {
		if ahead := compareNumbered(s, 0, p.Next); ahead != nil {
			t.Fatalf("%s: at %d: %v; or else %v", what, p.Next, err, ahead)
		}
	}
	return p.Next
}

// Power goes while batches are loaded. Each Load that has returned is there.
func TestPowerLossWhileIngesting(t *testing.T) {
	applied, lost := int64(0), int64(0)
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 2))
		fs := vfs.NewCrashableMem()
		d := openMem(t, fs)
		d.ingestFrom = 1
		s := openStore(t, d, 0)
		last, durable := 1+random.Int64N(60), int64(0)
		for n := range last {
			do := s.Load
			if random.IntN(3) == 0 {
				do = s.Apply
				applied++
			} else {
				durable = n + 1
			}
			if err := do(sorted(n), state.Position{Next: n + 1}); err != nil {
				t.Fatal(err)
			}
		}
		after := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: random.IntN(101), RNG: random})
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		d = openMem(t, after)
		s = openStore(t, d, 0)
		at, _ := s.Position()
		if at.Next < durable {
			t.Fatalf("seed %d: at %d, want %d at least", seed, at.Next, durable)
		}
		wantNumbered(t, s, 0, at.Next-1)
		lost += last - at.Next
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if applied == 0 || lost == 0 {
		t.Fatalf("%d applied, %d lost: this tests nothing", applied, lost)
	}
}

// loadForever is writeForever of batches that are ingested.
func loadForever(db state.DB) error {
	s, err := db.Store(state.ID{Name: "counts"})
	if err != nil {
		return err
	}
	for {
		p, _ := s.Position()
		if err := s.Load(sorted(p.Next), state.Position{Next: p.Next + 1}); err != nil {
			return err
		}
		fmt.Println(p.Next + 1)
	}
}

// A process is killed again and again while it loads: what was loaded is there,
// and perhaps the rows of the Load under way.
func TestKilledWhileIngesting(t *testing.T) {
	path := t.TempDir()
	kills := 6
	if testing.Short() {
		kills = 2
	}
	for round := range kills {
		cmd, lines := startChild(t, "load "+path)
		told := int64(0)
		for range 7*round + 5 {
			if !lines.Scan() {
				t.Fatalf("child ended early: %v", lines.Err())
			}
			if _, err := fmt.Sscan(lines.Text(), &told); err != nil {
				t.Fatal(err)
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		opened, err := Dir(path).Open(t.Context(), small)
		if err != nil {
			t.Fatal(err)
		}
		wantNoLoads(t, path)
		s := openStore(t, opened.(*db), 0)
		if at := wantAtOrAhead(t, fmt.Sprint("round ", round), s); at < told {
			t.Fatalf("round %d: at %d, %d was announced", round, at, told)
		}
		if err := opened.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
