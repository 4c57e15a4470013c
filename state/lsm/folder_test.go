package lsm

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/millrace-io/millrace/state"
)

var small = state.Options{App: "wordcount", CacheBytes: 1 << 20, MemtableBytes: 1 << 20}

func openDir(t *testing.T, path string) *db {
	t.Helper()
	d, err := Dir(path).Open(t.Context(), small)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d.(*db)
}

func openStore(t *testing.T, d state.DB, partition int32) state.Store {
	t.Helper()
	s, err := d.Store(state.ID{Name: "counts", Partition: partition})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func applyNumbered(t *testing.T, s state.Store, from, to int64) {
	t.Helper()
	for n := from; n <= to; n++ {
		if err := s.Apply(numbered(n), state.Position{Next: n}); err != nil {
			t.Fatal(err)
		}
	}
}

// wantError fails unless err says all of the words.
func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error does not say %q: %v", w, err)
		}
	}
}

func TestFolderIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no permission bits")
	}
	path := filepath.Join(t.TempDir(), "a", "b")
	openDir(t, path)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o700 {
		t.Fatalf("permissions %o, want 700", got)
	}
}

func TestFolderOfAnotherApplicationNamesBoth(t *testing.T) {
	path := t.TempDir()
	if err := openDir(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	_, err := Dir(path).Open(t.Context(), state.Options{App: "other"})
	wantError(t, err, path, `"wordcount"`, `"other"`, "a folder of its own")
}

// A state.DB that holds a nil *db would pass for an open one.
func TestFailedOpenReturnsNoDB(t *testing.T) {
	path := t.TempDir()
	openDir(t, path)
	d, err := Dir(path).Open(t.Context(), state.Options{App: "other"})
	if err == nil || d != nil {
		t.Fatalf("Open of a folder in use: %v, %v; want nil and an error", d, err)
	}
	free := t.TempDir()
	if err := openDir(t, free).Close(); err != nil {
		t.Fatal(err)
	}
	d, err = Dir(free).Open(t.Context(), state.Options{App: "other"})
	if err == nil || d != nil {
		t.Fatalf("Open of another application's folder: %v, %v; want nil and an error", d, err)
	}
}

func TestFolderOfANewerVersionIsRefused(t *testing.T) {
	path := t.TempDir()
	d := openDir(t, path)
	newer := append([]byte{formatVersion + 1}, "wordcount"...)
	if err := d.pebble.Set(systemKey(kindFormat), newer, pebble.Sync); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := Dir(path).Open(t.Context(), small)
	wantError(t, err, path, "format 2", "newer version", "restored from the changelog")
}

func TestPathThatIsAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Dir(path).Open(t.Context(), small)
	wantError(t, err, path)
}

// Each file of a folder in turn is cut short or overwritten. Then the folder
// must not open, or a read must fail, with the remedy; or, if the damaged file
// is a log's end, the store must be as it was at its position.
func TestDamagedFolderIsRefusedWithTheRemedy(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the files of an open database cannot be copied")
	}
	origin := t.TempDir()
	d := openDir(t, origin)
	s := openStore(t, d, 0)
	applyNumbered(t, s, 0, 200)
	if err := d.pebble.Flush(); err != nil {
		t.Fatal(err)
	}
	applyNumbered(t, s, 201, 230)
	if err := d.SetMeta("all", nil); err != nil { // syncs the log
		t.Fatal(err)
	}
	// As a crash leaves it.
	crashed := filepath.Join(t.TempDir(), "crashed")
	copyLive(t, crashed, origin)

	damages := map[string]func(b []byte) []byte{
		"emptied": func(b []byte) []byte { return nil },
		"halved":  func(b []byte) []byte { return b[:len(b)/2] },
		"overwritten": func(b []byte) []byte {
			for i := len(b) / 3; i < len(b)*2/3; i++ {
				b[i] ^= 0x5a
			}
			return b
		},
	}
	refused := map[string]int{}
	files, err := os.ReadDir(crashed)
	if err != nil {
		t.Fatal(err)
	}
	lastLog := ""
	for _, file := range files { // in the order of their numbers
		if filepath.Ext(file.Name()) == ".log" {
			lastLog = file.Name()
		}
	}
	for _, file := range files {
		for name, damage := range damages {
			if name == "emptied" && filepath.Ext(file.Name()) == ".log" && file.Name() != lastLog {
				continue // to pebble, a log that was never written: not noticed
			}
			path := filepath.Join(t.TempDir(), "state")
			if err := os.CopyFS(path, os.DirFS(crashed)); err != nil {
				t.Fatal(err)
			}
			victim := filepath.Join(path, file.Name())
			content, err := os.ReadFile(victim)
			if err == nil {
				err = os.WriteFile(victim, damage(content), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Run(fmt.Sprintf("%s %s", file.Name(), name), func(t *testing.T) {
				if err := openAndRead(t, path); err != nil {
					wantError(t, err, path, "damaged", "delete", "restored from the changelog")
					refused[filepath.Ext(file.Name())]++
				}
			})
		}
	}
	if refused[".sst"] == 0 || len(refused) < 2 {
		t.Fatalf("damage was noticed in %v only", refused)
	}
}

// copyLive copies the folder of an open database. Files that a compaction
// deletes meanwhile make it start over.
func copyLive(t *testing.T, to, from string) {
	t.Helper()
	for {
		err := os.CopyFS(to, os.DirFS(from))
		if err == nil {
			return
		}
		if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if err := os.RemoveAll(to); err != nil {
			t.Fatal(err)
		}
	}
}

// openAndRead returns the error of opening or of reading; without one it checks
// the contents.
func openAndRead(t *testing.T, path string) error {
	d, err := Dir(path).Open(t.Context(), small)
	if err != nil {
		return err
	}
	defer d.Close()
	s, err := d.Store(state.ID{Name: "counts"})
	if err != nil {
		return err
	}
	c := s.Scan(nil, nil, false)
	for c.Next() {
	}
	if err := errors.Join(c.Err(), c.Close()); err != nil {
		return err
	}
	if p, ok := s.Position(); ok {
		wantNumbered(t, s, 0, p.Next)
	} else if _, ok, err := s.Get(nil, []byte("key-000")); ok || err != nil {
		t.Fatalf("entry in a store without a position: %v, %v", ok, err)
	}
	return nil
}

func tableBytes(t *testing.T, path string) (n int64) {
	t.Helper()
	err := filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
		if err != nil || !isTable(name) {
			return err
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // compacted away meanwhile
		}
		n += info.Size()
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return n
}

func TestDroppedStoreFreesTheDisk(t *testing.T) {
	path := t.TempDir()
	d := openDir(t, path)
	s := openStore(t, d, 0)
	for n := range int64(300) {
		b := &state.Batch{}
		for i := range int64(20) {
			b.Set(fmt.Appendf(nil, "%d/%d", n, i), randomBytes(n*20+i), 0)
		}
		if err := s.Apply(b, state.Position{Next: n}); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.pebble.Flush(); err != nil {
		t.Fatal(err)
	}
	full := tableBytes(t, path)
	if full < 4<<20 {
		t.Fatalf("tables have %d bytes, want some megabytes", full)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.Drop(state.ID{Name: "counts"}); err != nil {
		t.Fatal(err)
	}
	if err := d.pebble.Flush(); err != nil { // it would do so within seconds
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); tableBytes(t, path) > full/10; {
		if time.Now().After(deadline) {
			t.Fatalf("tables still have %d of %d bytes", tableBytes(t, path), full)
		}
		runtime.Gosched()
	}
}
