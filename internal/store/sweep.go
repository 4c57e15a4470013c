package store

import (
	"bytes"
	"fmt"
	"math"
)

// sweep goes round a store to delete what has expired, a slice at a time: one
// with each freeze. There is no index by time, which every write would have to
// keep up. Between two rounds it rests until something can have expired.
//
//	 keys   a ......... m ......... z     a ....
//	        slice slice slice slice       slice
//	freezes   1     2     3     4  (rest)   9
//
// What is swept depends on the records and where they were frozen alone. Reads
// hide what has expired by themselves; it does not matter to them when it goes.
type sweep struct {
	from   []byte // where the round goes on, nil between two
	oldest int64  // nothing that a round has left or that came since is older
	rows   int    // of a slice
}

// sweepRows is how many rows a slice has, beside two for each row that the
// transaction has written: a round ends however fast a store grows. At a
// commit every 100 ms ten thousand rows per second are looked at.
const sweepRows = 1024

// reset forgets what is known of the store: a round is due.
func (w *sweep) reset() { w.from, w.oldest = nil, math.MinInt64 }

// note takes in a time at which something was written, or left in place.
func (w *sweep) note(ms int64) { w.oldest = min(w.oldest, ms) }

// due says whether there is something to do when all that is not younger than
// horizon has expired, and whether that is a new round.
func (w *sweep) due(horizon int64) (due, starts bool) {
	starts = w.from == nil
	return !starts || horizon >= w.oldest, starts
}

// begin begins a round.
func (w *sweep) begin() { w.from, w.oldest = []byte{}, math.MaxInt64 }

// end ends a slice. The next one begins at next; nil ends the round.
func (w *sweep) end(next []byte) { w.from = bytes.Clone(next) }

// horizon is the time that the youngest of the expired entries have.
func (s *KeyValue[K, V]) horizon() int64 { return *s.streamTime - s.ttlMs }

// expired says whether an entry with the given event time is gone.
func (s *KeyValue[K, V]) expired(ms int64) bool { return s.ttlMs > 0 && ms <= s.horizon() }

// dropExpired deletes what has expired in the next slice of the store. The
// deletions have the stream time, and are part of the batch like any others:
// the changelog must forget the entries too.
func (s *KeyValue[K, V]) dropExpired() error {
	if s.ttlMs == 0 {
		return nil
	}
	due, starts := s.sweep.due(s.horizon())
	if !due {
		return nil
	}
	if starts {
		s.sweep.begin()
		s.notePinned()
	}
	var gone [][]byte
	var next []byte
	below := s.base.Scan(s.sweep.from, nil, false)
	more, err := s.step(below)
	for left := s.sweep.rows + 2*len(s.dirty); err == nil && more; left-- {
		if left == 0 {
			next = below.Key()
			break
		}
		ms, present := int64(0), true
		// An entry knows better. What only entries have is left for later.
		if e := s.entries.find(below.Key()); e != nil {
			ms, present = e.time, e.present
		} else if ms, _, err = s.split(below.Value()); err != nil {
			break
		}
		switch {
		case !present:
		case s.expired(ms):
			gone = append(gone, bytes.Clone(below.Key()))
		default:
			s.sweep.note(ms)
		}
		more, err = s.step(below)
	}
	s.sweep.end(next)
	if cerr := below.Close(); err == nil && cerr != nil {
		err = fmt.Errorf("store %s: scan: %w", s.name, cerr)
	}
	if err != nil {
		return err
	}
	for _, key := range gone {
		s.key = append(s.key[:0], key...)
		s.write(s.find(), content[V]{time: *s.streamTime})
	}
	return nil
}

// notePinned takes in what the base may not have yet.
func (s *KeyValue[K, V]) notePinned() {
	for _, e := range s.dirty {
		s.sweep.note(e.time)
	}
	for _, f := range s.flights {
		for _, e := range f.entries {
			s.sweep.note(e.time)
		}
	}
}
