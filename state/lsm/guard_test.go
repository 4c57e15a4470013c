package lsm

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/millrace-io/millrace/state"
)

// diskFull makes writing to files of some kinds fail, once full is set.
type diskFull struct {
	full  atomic.Bool
	files func(base string) bool
}

func (d *diskFull) String() string { return "disk full" }

func (d *diskFull) MaybeError(op errorfs.Op) error {
	if d.full.Load() && op.Kind.ReadOrWrite() == errorfs.OpIsWrite && d.files(filepath.Base(op.Path)) {
		return fmt.Errorf("injected: %w", syscall.ENOSPC)
	}
	return nil
}

func suffix(s string) func(string) bool {
	return func(f string) bool { return strings.HasSuffix(f, s) }
}

func TestDiskFullEndsWritingAndKeepsReads(t *testing.T) {
	for name, files := range map[string]func(string) bool{
		"everything": func(string) bool { return true },
		"log":        suffix(".log"),
		"tables":     suffix(".sst"),
		"manifest":   func(f string) bool { return strings.HasPrefix(f, "MANIFEST") },
	} {
		t.Run(name, func(t *testing.T) {
			inject := &diskFull{files: files}
			backend := dir{path: t.TempDir(), fs: errorfs.Wrap(vfs.Default, inject)}
			opts := state.Options{App: "full", CacheBytes: 4 << 20, MemtableBytes: 1 << 20}
			db, err := backend.Open(t.Context(), opts)
			if err != nil {
				t.Fatal(err)
			}
			s, err := db.Store(state.ID{Name: "counts"})
			if err != nil {
				t.Fatal(err)
			}
			next := int64(0)
			for ; next < 50; next++ {
				if err := s.Apply(numbered(next), state.Position{Next: next}); err != nil {
					t.Fatal(err)
				}
			}

			inject.full.Store(true)
			var failure error
			for ; failure == nil; next++ {
				if next > 100_000 {
					t.Fatal("writes go on for ever")
				}
				failure = s.Apply(numbered(next), state.Position{Next: next})
			}
			next -= 2 // the last batch that was taken
			if !errors.Is(failure, syscall.ENOSPC) || !strings.Contains(failure.Error(), "is full") {
				t.Fatalf("error of Apply: %v", failure)
			}
			if err := db.SetMeta("a", nil); !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("error of SetMeta: %v", err)
			}
			inject.full.Store(false) // room again, but not for this process
			if err := s.Apply(numbered(0), state.Position{}); !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("Apply after the disk has room: %v", err)
			}
			wantNumbered(t, s, 0, next)
			if f := db.Figures(); len(f.Stores) != 1 {
				t.Fatalf("figures: %+v", f)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}

			db, err = backend.Open(t.Context(), opts)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			s, err = db.Store(state.ID{Name: "counts"})
			if err != nil {
				t.Fatal(err)
			}
			p, ok := s.Position()
			if !ok || p.Next > next {
				t.Fatalf("position after reopening: %v, %v; last applied %d", p, ok, next)
			}
			wantNumbered(t, s, 0, p.Next)
			if err := s.Apply(numbered(p.Next+1), state.Position{Next: p.Next + 1}); err != nil {
				t.Fatal(err)
			}
			wantNumbered(t, s, 0, p.Next+1)
		})
	}
}
