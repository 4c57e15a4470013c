package lsm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2/objstorage/objstorageprovider"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace-io/millrace/state"
)

// defaultIngest is how many bytes a sorted batch has at least, if it is to
// become a file of its own: making one costs a few syncs of the disk.
const defaultIngest = 1 << 20

// The name of a file that is not yet part of the database. Pebble leaves other
// names than its own alone.
const loadPrefix, loadSuffix = "load-", ".tmp"

// removeLoads removes the files that a killed process was writing.
func removeLoads(filesystem vfs.FS, dir string) error {
	names, err := filesystem.List(dir)
	for _, n := range names {
		if strings.HasPrefix(n, loadPrefix) && strings.HasSuffix(n, loadSuffix) {
			err = errors.Join(err, filesystem.Remove(filesystem.PathJoin(dir, n)))
		}
	}
	return err
}

// ingest makes a sorted batch a part of the database as it is: it goes through
// neither log nor memtable, and if nothing is in its way no compaction ever
// writes it again. When ingest returns, the batch is durable. It reports false
// if the batch must go the ordinary way. It is called with mu held.
func (s *store) ingest(b *state.Batch) (done bool, err error) {
	if !b.Sorted() || b.Bytes() < s.db.ingestFrom || b.Len() == 0 || s.db.noLinks.Load() {
		return false, nil
	}
	// New files in level 0 do not rotate memtables, so the gate must look.
	if err := s.db.gate.wait(); err != nil {
		return false, err
	}
	g := s.db.guard
	path := g.PathJoin(s.db.lock.dir, fmt.Sprintf("%s%d%s", loadPrefix, s.table.id, loadSuffix))
	if err := s.writeTable(path, b); err != nil {
		_ = g.FS.Remove(path)
		g.fail(err)
		return false, g.failure()
	}
	if err := s.db.pebble.Ingest(context.Background(), []string{path}); err != nil {
		_ = g.FS.Remove(path)
		var link *linkError
		if errors.As(err, &link) && g.failure() == nil {
			s.db.noLinks.Store(true)
			return false, nil
		}
		return false, errors.Join(g.failure(), err)
	}
	return true, g.failure() // which would have been hidden from pebble
}

// writeTable writes the file, synced, by passing the guard: it is no file of
// pebble's, which need not believe in it.
func (s *store) writeTable(path string, b *state.Batch) (err error) {
	f, err := s.db.guard.FS.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	w := sstable.NewWriter(objstorageprovider.NewFileWritable(f), s.db.loads)
	defer func() { err = errors.Join(err, w.Close()) }()
	key := slices.Clone(s.prefix)
	for i := range b.Len() {
		row := b.At(i)
		key = append(key[:prefixLen], row.Key...)
		switch {
		case row.To != nil:
			err = w.DeleteRange(key, append(s.prefix[:prefixLen:prefixLen], row.To...))
			key = slices.Clone(s.prefix) // the writer keeps the other until the end
		case row.Delete:
			err = w.Delete(key)
		default:
			err = w.Set(key, row.Value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// linkError is what the guard tells of a table that could not be linked. As an
// error of missing permission it keeps pebble from copying the file instead,
// which would wait for the disk where the database cannot be closed.
type linkError struct{ error }

func (e *linkError) Is(target error) bool { return target == fs.ErrPermission }
func (e *linkError) Unwrap() error        { return e.error }
