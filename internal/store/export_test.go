package store

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/millrace-io/millrace/state"
)

// Check compares all that a view keeps up to date step by step with the same
// counted from scratch.
func (s *KeyValue[K, V]) Check() error {
	var bytes [kinds]int64
	pins := map[*entry[V]]int32{}
	for _, f := range s.flights {
		for _, e := range f.entries {
			pins[e]++
		}
	}
	isDirty := map[*entry[V]]bool{}
	for _, e := range s.dirty {
		if isDirty[e] {
			return fmt.Errorf("%q is twice in the list of dirty entries", e.key)
		}
		isDirty[e] = true
	}
	noted := map[*entry[V]]bool{}
	for _, b := range s.journal {
		if noted[b.entry] {
			return fmt.Errorf("%q is twice in the journal", b.entry.key)
		}
		noted[b.entry] = true
	}
	inLine := map[*entry[V]]bool{}
	for _, e := range s.line.list[s.line.head:] {
		if inLine[e] || s.entries.find([]byte(e.key)) != e {
			return fmt.Errorf("%q is twice in the line, or not alive", e.key)
		}
		inLine[e] = true
	}
	for e := range s.entries.all() {
		key := e.key
		bytes[e.kind] += e.size
		pinned, indexed := s.pinned.Get(key)
		switch {
		case s.entries.find([]byte(key)) != e:
			return fmt.Errorf("%q is not found under its key", key)
		case e.pins != pins[e]:
			return fmt.Errorf("%q has %d pins, want %d", key, e.pins, pins[e])
		case (e.kind == dirty) != isDirty[e]:
			return fmt.Errorf("%q has kind %d; dirty %v", key, e.kind, isDirty[e])
		case e.kind != dirty && e.kind != e.resting():
			return fmt.Errorf("%q has kind %d, want %d", key, e.kind, e.resting())
		case e.queued != inLine[e], e.kind == clean && !e.queued:
			return fmt.Errorf("%q has kind %d and is queued: %v; in the line: %v", key, e.kind, e.queued, inLine[e])
		case s.indexed && indexed != (e.kind != clean), indexed && pinned != e:
			return fmt.Errorf("%q has kind %d; indexed %v", key, e.kind, indexed)
		case e.kind == clean && e.present != (e.base == there):
			return fmt.Errorf("%q is clean and present is %v, but it knows %d of the base", key, e.present, e.base)
		}
	}
	for _, e := range slices.Concat(slices.Collect(maps.Keys(pins)), s.dirty) {
		if s.entries.find([]byte(e.key)) != e {
			return fmt.Errorf("%q is pinned and not alive", e.key)
		}
	}
	if bytes != s.bytes {
		return fmt.Errorf("bytes %v, want %v", s.bytes, bytes)
	}
	if len(s.scans) != 0 {
		return fmt.Errorf("%d scans are open", len(s.scans))
	}
	return nil
}

// Entries is the number of entries of any kind.
func (s *KeyValue[K, V]) Entries() (n int) {
	for range s.entries.all() {
		n++
	}
	return n
}

// all yields the entries, in no order.
func (t *table[V]) all() iter.Seq[*entry[V]] {
	return func(yield func(*entry[V]) bool) {
		for i := range t.parts {
			for _, s := range t.parts[i].list {
				if s.entry != nil && !yield(s.entry) {
					return
				}
			}
		}
	}
}

// SweepRows makes the slices of a sweep as small as tests need them.
func (s *KeyValue[K, V]) SweepRows(n int) { s.sweep.rows = n }

// Check compares what a versioned view keeps up to date with the same counted
// from scratch.
func (s *Versioned[K, V]) Check() error {
	var bytes int64
	for prefix := range s.heads {
		bytes += int64(len(prefix)) + headOverhead
	}
	if bytes != s.headBytes {
		return fmt.Errorf("heads have %d bytes, want %d", s.headBytes, bytes)
	}
	return s.rows.Check()
}

// SweepRows makes the slices of a sweep as small as tests need them.
func (s *Versioned[K, V]) SweepRows(n int) { s.rows.SweepRows(n) }

// Check compares what a view of rows in segments keeps up to date with the same
// counted from scratch, and its index with its rows.
func (s *segmented[K, V]) Check() error {
	if s.ends == nil {
		return s.rows.Check()
	}
	index := map[string]bool{}
	err := s.ends.merge([]byte{0x01}, []byte{0x02}, func(r row[nothing]) (bool, error) {
		index[string(r.key)] = true
		return true, nil
	})
	if err != nil {
		return err
	}
	rows := 0
	err = s.rows.merge(s.layout.First(), s.layout.Last(), func(r row[V]) (bool, error) {
		rows++
		var scratch []byte
		at, err := s.layout.DecodeKey(r.key, &scratch)
		if err == nil && !index[string(s.layout.AppendIndex(nil, at))] {
			err = fmt.Errorf("%+v is not in the index", at)
		}
		return true, err
	})
	if err == nil && rows != len(index) {
		err = fmt.Errorf("%d rows and %d in the index", rows, len(index))
	}
	return errors.Join(err, s.rows.Check(), s.ends.Check())
}

// Check is that of the rows.
func (s *inRows[V]) Check() error { return s.rows.Check() }

// Shelve evicts all clean entries, whatever is on the shelf then.
func (s *Window[K, V]) Shelve() { s.rows.Evict(0) }

// Check compares what a view of windows keeps up to date with the same counted
// from scratch, and what is on its shelf with the base.
func (s *Window[K, V]) Check() error {
	for _, w := range s.shelf.windows {
		for _, p := range w.spots.list {
			if p.at == 0 {
				continue
			}
			own, value := cutRow(w.slab[p.at:])
			key := state.WindowRow{StartMs: w.startMs, Key: own}.AppendKey(nil)
			if s.rows.entries.find(key) != nil {
				continue // which knows better
			}
			if below, _, err := s.shelf.Store.Get(nil, key); err != nil || string(below) != string(value) {
				return fmt.Errorf("%q: %x is on the shelf, but the base has %x, %v", key, value, below, err)
			}
		}
	}
	return cmp.Or(s.shelf.check(), s.rows.Check())
}
