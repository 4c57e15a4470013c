package lsm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace-io/millrace/state"
)

// Dir returns the backend that keeps its state in the folder path, which is
// made (with permissions 0700) if it does not exist. One instance of one
// application at a time uses a folder; Open of another one fails with an error
// that wraps state.ErrLocked and names the owner.
func Dir(path string) state.Backend {
	return dir{path: path, fs: vfs.Default, ingestFrom: defaultIngest}
}

type dir struct {
	path       string
	fs         vfs.FS
	ingestFrom int // bytes of a batch that is ingested
}

// Open opens the folder. It fails if the folder is in use, belongs to another
// application, was written by a newer version or is damaged; the error says
// what to do.
func (b dir) Open(ctx context.Context, o state.Options) (_ state.DB, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	path, err := makeFolder(b.path)
	if err != nil {
		return nil, fmt.Errorf("make state folder %s: %w", b.path, err)
	}
	lock, err := lockFolder(b.fs, path, o.App)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = lock.release()
		}
	}()
	d, err := open(b.fs, lock, withDefaults(o), b.ingestFrom)
	if err != nil {
		return nil, err // and not a DB that holds a nil *db
	}
	return d, nil
}

// makeFolder makes the folder and returns its one true name.
func makeFolder(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}

func open(filesystem vfs.FS, lock *folderLock, o state.Options, ingestFrom int) (_ *db, err error) {
	g := newGuard(filesystem, lock.dir)
	gate := newGate(g, o.MemtableBytes)
	p := pebbleOptions(o)
	p.FS = g
	p.Lock = lock.lock
	p.Logger = logger{g, o.Logger}
	p.EventListener = gate.listener()
	// Pebble charges memtables to the cache. With their budget on top, what is
	// left for blocks is what was asked for.
	p.Cache = pebble.NewCache(o.CacheBytes + o.MemtableBytes)
	defer p.Cache.Unref()

	if err := removeLoads(filesystem, lock.dir); err != nil {
		return nil, openError(lock.dir, err)
	}
	pdb, err := openPebble(lock.dir, p)
	if err != nil {
		return nil, openError(lock.dir, err)
	}
	gate.metrics = pdb.Metrics
	g.armed.Store(true)
	d := &db{
		pebble: pdb, lock: lock, guard: g, gate: gate, tables: map[state.ID]*table{}, closeWait: 10 * time.Second,
		ingestFrom: ingestFrom, loads: loadOptions(p),
	}
	if err := d.load(o.App); err != nil {
		close(g.closing)
		return nil, errors.Join(err, pdb.Close())
	}
	return d, nil
}

// openPebble opens the database. A damaged file may make pebble panic.
func openPebble(path string, p *pebble.Options) (pdb *pebble.DB, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return pebble.Open(path, p)
}

func openError(path string, err error) error {
	switch {
	case vfs.IsNoSpaceError(err):
		return fmt.Errorf("open state folder %s: the disk is full; make room: %w", path, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("open state folder %s: this user needs to read and write everything in it: %w", path, err)
	}
	return fmt.Errorf("open state folder %s: it is damaged, or a newer version wrote it; delete the folder, and it is restored from the changelog: %w", path, err)
}

// damaged is the error for contents that cannot be.
func damaged(path string, err error) error {
	return fmt.Errorf("state folder %s is damaged; delete it, and it is restored from the changelog: %w", path, err)
}
