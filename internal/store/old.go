package store

import (
	"bytes"
	"math"

	"github.com/millrace-io/millrace/state"
)

// old is where a sweep over versions is within the rows of a key:
//
//	newest                   horizon              oldest
//	|---- c@90 ---- b@70 -------:------ a@40 ---- z@10
//	                                    |         |
//	     the version at the horizon ----+         +---- gone
//
// What is behind the version at the horizon can no longer be read, nor can that
// itself if it is a deletion.
type old struct {
	prefix []byte
	newer  int64 // the time of the row before
	behind bool  // the version at the horizon has been passed
}

// dropOld deletes, in the next slice of the store, the rows that no read can
// show any more. The changelog does not hear of it: there, compaction does the
// same. What the transaction has written is left for the next round, since the
// changelog must hear of that first. dropOld is called only if there is such a
// row, else the batch would have no position in the changelog.
func (s *Versioned[K, V]) dropOld() error {
	w := &s.rows.sweep
	horizon := s.horizon()
	due, starts := w.due(horizon)
	if !due {
		return nil
	}
	from := w.from
	if starts {
		w.begin()
		s.old = old{}
		from = state.Versions.FirstVersion()
	}
	o := &s.old
	var gone [][]byte
	var next, deletion []byte // deletion is one at the horizon: it goes after all behind it
	left := w.rows + 2*len(s.rows.dirty)
	err := s.rows.merge(from, nil, func(r row[nullable[V]]) (more bool, err error) {
		prefix, ms, err := s.cut(r.key)
		if err != nil {
			return false, err
		}
		if o.prefix == nil || !bytes.Equal(prefix, o.prefix) {
			if deletion != nil {
				gone, deletion = append(gone, deletion), nil
			}
			*o = old{prefix: append(o.prefix[:0], prefix...), newer: math.MaxInt64}
		}
		if left--; left < 0 {
			next = bytes.Clone(r.key)
			return false, nil
		}
		e := s.rows.entries.find(r.key)
		fresh := e != nil && e.kind == dirty
		if o.behind {
			if fresh {
				deletion = nil
				w.note(none)
			} else {
				gone = append(gone, bytes.Clone(r.key))
			}
			return true, nil
		}
		w.note(o.newer)
		o.newer, o.behind = ms, ms <= horizon
		null, err := s.isNull(r)
		switch {
		case err != nil || !null:
		case ms < horizon && !fresh:
			deletion = bytes.Clone(r.key)
		default:
			w.note(ms)
		}
		return err == nil, err
	})
	if err != nil {
		return err
	}
	switch {
	case deletion != nil && next == nil:
		gone = append(gone, deletion)
	case deletion != nil: // there may be more behind it: in the next round
		w.note(none)
	}
	w.end(next)
	for _, key := range gone {
		s.rows.key = append(s.rows.key[:0], key...)
		s.rows.write(s.rows.find(), content[nullable[V]]{})
		prefix, _, _ := s.cut(key)
		s.forget(string(prefix))
	}
	return nil
}

func (s *Versioned[K, V]) isNull(r row[nullable[V]]) (null bool, err error) {
	stored := r.stored
	if r.pinned != nil {
		if s.rows.keep {
			return !r.pinned.value.ok, nil
		}
		stored = r.pinned.raw
	}
	_, null, err = (state.VersionRow{}).CutValue(stored)
	return null, err
}
