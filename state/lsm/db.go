package lsm

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"

	"github.com/millrace-io/millrace/state"
)

// db is the open database of an instance.
type db struct {
	pebble *pebble.DB
	lock   *folderLock
	guard  *guard
	gate   *gate

	// mu guards the fields up to the next blank line. No write waits for the
	// disk under it, save the rare ones of db itself.
	mu     sync.Mutex
	closed bool
	tables map[state.ID]*table
	lastID uint32

	ingestFrom int                   // bytes of a batch that is ingested
	loads      sstable.WriterOptions // of files that are
	noLinks    atomic.Bool           // the file system has none, so nothing is

	closing   atomic.Bool    // tells cursors to end
	cursors   sync.WaitGroup // open cursors
	closeWait time.Duration  // how long Close waits for cursors
}

func (d *db) Meta(key string) ([]byte, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, false, state.ErrClosed
	}
	return d.get(nil, systemKey(kindMeta, []byte(key)...))
}

func (d *db) SetMeta(key string, value []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return state.ErrClosed
	}
	return d.write(func(b *pebble.Batch) error {
		return b.Set(systemKey(kindMeta, []byte(key)...), value, nil)
	}, pebble.Sync)
}

func (d *db) Store(id state.ID) (state.Store, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, state.ErrClosed
	}
	t := d.tables[id]
	if t != nil && t.open != nil {
		return nil, fmt.Errorf("open %s: it is open already", nameOf(id))
	}
	fresh := t == nil
	if fresh {
		t = &table{id: d.lastID + 1}
		t.progress.Store(&progress{})
	}
	err := d.write(func(b *pebble.Batch) error {
		if fresh {
			if err := b.Set(storeKey(kindCatalogue, t.id), encodeCatalogue(id), nil); err != nil {
				return err
			}
		}
		return touch(b, t, time.Now().UnixMilli())
	}, pebble.NoSync)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", nameOf(id), err)
	}
	if fresh {
		d.lastID = t.id
		d.tables[id] = t
	}
	t.open = &store{db: d, id: id, table: t, prefix: prefix(t.id), end: prefix(t.id + 1)}
	return t.open, nil
}

func (d *db) Stored() ([]state.Stored, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, state.ErrClosed
	}
	var list []state.Stored
	for id, t := range d.tables {
		p := t.progress.Load()
		s := state.Stored{ID: id, Position: p.position, LastUsed: time.UnixMilli(p.lastUsedMs)}
		if t.open != nil {
			s.LastUsed = time.Now()
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b state.Stored) int { return compareIDs(a.ID, b.ID) })
	return list, nil
}

func (d *db) Drop(id state.ID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return state.ErrClosed
	}
	t := d.tables[id]
	switch {
	case t == nil:
		return nil
	case t.open != nil:
		return fmt.Errorf("drop %s: it is open", nameOf(id))
	}
	err := d.write(func(b *pebble.Batch) error {
		return errors.Join(
			b.DeleteRange(prefix(t.id), prefix(t.id+1), nil),
			b.Delete(storeKey(kindCatalogue, t.id), nil),
			b.Delete(storeKey(kindProgress, t.id), nil))
	}, pebble.NoSync)
	if err != nil {
		return fmt.Errorf("drop %s: %w", nameOf(id), err)
	}
	delete(d.tables, id)
	return nil
}

func (d *db) Durable() bool { return true }

// Close ends what goes on, in order: stores (each waits for its calls), then
// cursors, then the database, then the lock.
func (d *db) Close() error {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return nil
	}
	d.closed = true
	d.closing.Store(true)
	open := d.openTables()
	d.mu.Unlock()

	for _, t := range open {
		t.open.shut()
	}
	// What cannot be written now is told by the next Apply, not by a Close.
	_ = d.write(func(b *pebble.Batch) error {
		now := time.Now().UnixMilli()
		for _, t := range open {
			if err := touch(b, t, now); err != nil {
				return err
			}
		}
		return nil
	}, pebble.NoSync)

	done := make(chan struct{})
	go func() { d.cursors.Wait(); close(done) }()
	limit := time.NewTimer(d.closeWait)
	defer limit.Stop()
	select {
	case <-done:
	case <-limit.C:
		// Closing the files below a running scan would crash it.
		return fmt.Errorf("close state folder %s: a scan is still open after %v; the folder stays locked until the process ends", d.lock.dir, d.closeWait)
	}
	close(d.guard.closing)
	return errors.Join(d.pebble.Close(), d.lock.release())
}

// openTables are the tables with an open store, in order. The caller holds mu.
func (d *db) openTables() []*table {
	var open []*table
	for _, t := range d.tables {
		if t.open != nil {
			open = append(open, t)
		}
	}
	slices.SortFunc(open, func(a, b *table) int { return compareIDs(a.open.id, b.open.id) })
	return open
}

func compareIDs(a, b state.ID) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Partition, b.Partition))
}
