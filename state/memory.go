package state

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Memory returns the backend that keeps everything in memory. Each Open makes
// a new, empty database that vanishes when it is closed: an application on it
// restores all its state from the changelogs after a restart.
func Memory() Backend { return memory{} }

type memory struct{}

func (memory) Open(ctx context.Context, o Options) (DB, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return &memoryDB{meta: map[string][]byte{}, tables: map[ID]*memoryTable{}}, nil
}

type memoryDB struct {
	// mu guards the fields below. Neither Get, Scan nor Apply takes it.
	mu     sync.Mutex
	closed bool
	meta   map[string][]byte
	tables map[ID]*memoryTable
}

func (d *memoryDB) Meta(key string) ([]byte, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, false, ErrClosed
	}
	v, ok := d.meta[key]
	return slices.Clone(v), ok, nil
}

func (d *memoryDB) SetMeta(key string, value []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return ErrClosed
	}
	d.meta[key] = slices.Clone(value)
	return nil
}

func (d *memoryDB) Store(id ID) (Store, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, ErrClosed
	}
	t := d.tables[id]
	if t == nil {
		t = newMemoryTable()
		d.tables[id] = t
	}
	if t.open != nil {
		return nil, fmt.Errorf("open store %s of partition %d: it is open already", id.Name, id.Partition)
	}
	t.open = &memoryStore{db: d, table: t}
	t.touch()
	return t.open, nil
}

func (d *memoryDB) Stored() ([]Stored, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, ErrClosed
	}
	var list []Stored
	for id, t := range d.tables {
		s := Stored{ID: id, Position: t.view.Load().position}
		if t.open != nil {
			s.LastUsed = time.Now()
		} else {
			s.LastUsed = time.UnixMilli(t.lastUsedMs.Load())
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b Stored) int { return compareIDs(a.ID, b.ID) })
	return list, nil
}

func (d *memoryDB) Drop(id ID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return ErrClosed
	}
	if t := d.tables[id]; t != nil && t.open != nil {
		return fmt.Errorf("drop store %s of partition %d: it is open", id.Name, id.Partition)
	}
	delete(d.tables, id)
	return nil
}

func (d *memoryDB) Durable() bool { return false }

func (d *memoryDB) Figures() Figures {
	d.mu.Lock()
	defer d.mu.Unlock()
	var f Figures
	for id, t := range d.tables {
		if t.open != nil {
			f.Stores = append(f.Stores, StoreFigures{ID: id, Entries: int64(t.view.Load().tree.Len())})
		}
	}
	slices.SortFunc(f.Stores, func(a, b StoreFigures) int { return compareIDs(a.ID, b.ID) })
	return f
}

func (d *memoryDB) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range d.tables {
		if t.open != nil {
			t.open.closed.Store(true)
		}
	}
	d.closed, d.meta, d.tables = true, nil, nil
	return nil
}

func compareIDs(a, b ID) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Partition, b.Partition))
}
