package lsm

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// guard is the file system below pebble. It makes the first error of writing
// the last write.
//
// Pebble answers an error of its log or manifest with a panic or Fatalf, some
// under locks that then stay locked, and deletes files that are obsolete only
// if its manifest was written. The guard lets it see neither: after the first
// error nothing on the disk changes any more, and
//
//   - writes to the log, the manifest and markers appear to succeed, so pebble
//     stays coherent in memory and goes on answering reads;
//   - new tables fail, after a wait until the database closes: pebble would
//     retry a flush for ever without a pause;
//   - removals and renames appear to succeed.
//
// What is on the disk is then what a crash at that moment would have left, and
// every Apply from then on returns the error.
type guard struct {
	vfs.FS
	dir string
	// armed is false while the database opens: pebble returns errors then.
	armed atomic.Bool
	// failed is closed after err was set, closing when the database closes.
	failed  chan struct{}
	closing chan struct{}
	once    sync.Once
	err     error
}

func newGuard(fs vfs.FS, dir string) *guard {
	return &guard{FS: fs, dir: dir, failed: make(chan struct{}), closing: make(chan struct{})}
}

// failure is nil as long as all is well.
func (g *guard) failure() error {
	select {
	case <-g.failed:
		return g.err
	default:
		return nil
	}
}

// fail ends writing because of err. It reports false, and does nothing, while
// the guard is not armed.
func (g *guard) fail(err error) bool {
	if !g.armed.Load() {
		return false
	}
	g.once.Do(func() {
		switch {
		case vfs.IsNoSpaceError(err):
			g.err = fmt.Errorf("the disk of state folder %s is full; make room and restart, what is missing is read from the changelog: %w", g.dir, err)
		case pebble.IsCorruptionError(err):
			g.err = damaged(g.dir, err)
		default:
			g.err = fmt.Errorf("write to state folder %s; nothing is written any more until a restart: %w", g.dir, err)
		}
		close(g.failed)
	})
	return true
}

// pretend handles the error of a step that pebble must believe to be done.
func (g *guard) pretend(err error) error {
	if err != nil && g.fail(err) {
		return nil
	}
	return err
}

// isTable reports whether a file is one that pebble can do without: it drops
// the flush or compaction that made it.
func isTable(name string) bool {
	ext := filepath.Ext(name)
	return ext == ".sst" || ext == ".blob"
}

func (g *guard) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return g.create(name, func() (vfs.File, error) { return g.FS.Create(name, c) })
}

func (g *guard) ReuseForWrite(oldname, newname string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return g.create(newname, func() (vfs.File, error) { return g.FS.ReuseForWrite(oldname, newname, c) })
}

func (g *guard) create(name string, open func() (vfs.File, error)) (vfs.File, error) {
	if g.failure() == nil {
		f, err := open()
		if err == nil {
			return &guardedFile{File: f, guard: g, table: isTable(name)}, nil
		}
		if !g.fail(err) {
			return nil, err
		}
	}
	if isTable(name) {
		<-g.closing
		return nil, g.failure()
	}
	// Something to hold; what is written to it goes nowhere.
	f, err := vfs.NewMem().Create("gone", vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, err
	}
	return &guardedFile{File: f, guard: g}, nil
}

func (g *guard) OpenDir(name string) (vfs.File, error) {
	f, err := g.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &guardedFile{File: f, guard: g}, nil
}

func (g *guard) Rename(oldname, newname string) error {
	if g.failure() != nil {
		return nil
	}
	return g.pretend(g.FS.Rename(oldname, newname))
}

// Link makes a table that was written elsewhere one of the database's, see
// ingest. Not every file system has links, so its error is none of the disk.
func (g *guard) Link(oldname, newname string) error {
	err := g.failure()
	if err == nil {
		err = g.FS.Link(oldname, newname)
	}
	if err != nil {
		if vfs.IsNoSpaceError(err) {
			g.fail(err)
		}
		return &linkError{err}
	}
	return nil
}

// Remove may fail without harm: what stays behind is removed at the next open.
func (g *guard) Remove(name string) error {
	if g.failure() != nil {
		return nil
	}
	return g.FS.Remove(name)
}

func (g *guard) RemoveAll(name string) error {
	if g.failure() != nil {
		return nil
	}
	return g.FS.RemoveAll(name)
}

func (g *guard) Unwrap() vfs.FS { return g.FS }

// guardedFile is a file that pebble writes, or a folder that it syncs.
type guardedFile struct {
	vfs.File
	guard *guard
	table bool
}

// do runs a step that changes the disk, unless writing has ended.
func (f *guardedFile) do(step func() error) error {
	err := f.guard.failure()
	if err == nil {
		if err = step(); err == nil || !f.guard.fail(err) {
			return err
		}
		err = f.guard.failure()
	}
	if f.table {
		return err
	}
	return nil
}

func (f *guardedFile) Write(p []byte) (n int, err error) {
	err = f.do(func() (err error) { n, err = f.File.Write(p); return err })
	if err != nil {
		return n, err
	}
	return len(p), nil
}

func (f *guardedFile) Sync() error     { return f.do(f.File.Sync) }
func (f *guardedFile) SyncData() error { return f.do(f.File.SyncData) }

func (f *guardedFile) SyncTo(length int64) (full bool, err error) {
	err = f.do(func() (err error) { full, err = f.File.SyncTo(length); return err })
	return full, err
}

// Preallocate is a hint.
func (f *guardedFile) Preallocate(offset, length int64) error {
	if f.guard.failure() != nil {
		return nil
	}
	return f.File.Preallocate(offset, length)
}

// Close always closes; a file that cannot be closed may not have been written.
func (f *guardedFile) Close() error {
	err := f.File.Close()
	if f.table {
		if err != nil {
			f.guard.fail(err)
		}
		return err
	}
	return f.guard.pretend(err)
}
