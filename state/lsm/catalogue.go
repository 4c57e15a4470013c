package lsm

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"github.com/millrace-io/millrace/state"
)

// table is what the database knows of one store, open or not.
type table struct {
	id       uint32
	progress atomic.Pointer[progress] // never nil
	open     *store                   // nil if none; guarded by db.mu
}

// load checks whose database this is, or makes it ours if it is new, and reads
// the catalogue.
func (d *db) load(app string) error {
	format, ok, err := d.get(nil, systemKey(kindFormat))
	switch {
	case err != nil:
		return err
	case !ok:
		return d.write(func(b *pebble.Batch) error {
			return b.Set(systemKey(kindFormat), encodeFormat(app), nil)
		}, pebble.Sync)
	case len(format) == 0:
		return damaged(d.lock.dir, errors.New("format record of 0 bytes"))
	case format[0] > formatVersion:
		return fmt.Errorf("open state folder %s: it has format %d, and this version of the library knows formats up to %d; run the newer version, or delete the folder, and it is restored from the changelog",
			d.lock.dir, format[0], formatVersion)
	case string(format[1:]) != app:
		return fmt.Errorf("open state folder %s: it belongs to application %q, not to %q; give each application a folder of its own",
			d.lock.dir, format[1:], app)
	}
	if err := d.each(kindCatalogue, d.loadTable); err != nil {
		return damaged(d.lock.dir, err)
	}
	return nil
}

func (d *db) loadTable(key, value []byte) error {
	n, id, err := decodeCatalogue(key, value)
	if err != nil {
		return err
	}
	record, ok, err := d.get(nil, storeKey(kindProgress, n))
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("store %s of partition %d has no progress record", id.Name, id.Partition)
	}
	p, err := decodeProgress(record)
	if err != nil {
		return err
	}
	t := &table{id: n}
	t.progress.Store(p)
	d.tables[id] = t
	d.lastID = max(d.lastID, n)
	return nil
}

// each calls f for the system records of a kind; key and value are f's for the
// time of the call.
func (d *db) each(kind byte, f func(key, value []byte) error) error {
	from, to := kindSpan(kind)
	it, err := d.pebble.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: to})
	if err != nil {
		return err
	}
	for ok := it.First(); ok && err == nil; ok = it.Next() {
		var value []byte
		if value, err = it.ValueAndErr(); err == nil {
			err = f(it.Key(), value)
		}
	}
	return errors.Join(err, it.Error(), it.Close())
}

// get appends the value of a whole key to dst.
func (d *db) get(dst, key []byte) ([]byte, bool, error) {
	v, closer, err := d.pebble.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return dst, false, nil
	}
	if err != nil {
		return dst, false, d.readError(err)
	}
	dst = append(dst, v...)
	return dst, true, closer.Close()
}

func (d *db) readError(err error) error {
	if pebble.IsCorruptionError(err) {
		return damaged(d.lock.dir, err)
	}
	return fmt.Errorf("read state folder %s: %w", d.lock.dir, err)
}

// write commits a batch that fill makes.
func (d *db) write(fill func(*pebble.Batch) error, o *pebble.WriteOptions) error {
	if err := d.gate.pass(); err != nil {
		return err
	}
	b := d.pebble.NewBatch()
	defer b.Close()
	if err := fill(b); err != nil {
		return err
	}
	if err := b.Commit(o); err != nil {
		return fmt.Errorf("write to state folder %s: %w", d.lock.dir, err)
	}
	if o.GetSync() {
		// The guard has hidden what became of the sync.
		return d.guard.failure()
	}
	return nil
}

// touch writes a store's progress with lastUsed as of now.
func touch(b *pebble.Batch, t *table, nowMs int64) error {
	p := *t.progress.Load()
	p.lastUsedMs = nowMs
	t.progress.Store(&p)
	return b.Set(storeKey(kindProgress, t.id), p.append(nil), nil)
}

func nameOf(id state.ID) string {
	return fmt.Sprintf("store %s of partition %d", id.Name, id.Partition)
}
