package store

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/millrace-io/millrace/state"
)

// shelf is the base of a Window with the rows in front of it whose entries were
// evicted: as bytes, a third of the memory if a window has many. It has the newest
// windows, and of these every row that has no entry, so that a key of which it
// has nothing is new.
//
//	windows  0:00   0:01   0:02 | 0:03   0:04   0:05
//	         the base is asked  | in entries, on the shelf, or nowhere
//	                          below
//
// When room is needed, below moves: the oldest window leaves as a whole. It will
// close first, and most keys have been in it already, while in the newest ones
// most are new, of which the base would have to say that it has nothing.
type shelf struct {
	state.Store
	below   int64      // the last window of which rows may be in the base alone
	windows []*shelved // behind below, as they begin
	bytes   int64
}

// startLen is how many bytes of a row's key tell when its window begins, as
// startOf reads them; see state.WindowRow.
const startLen = 8

func startOf(key []byte) int64 { return int64(binary.BigEndian.Uint64(key) ^ 1<<63) }

// Get implements state.Store for the keys of rows.
func (s *shelf) Get(dst, key []byte) (value []byte, ok bool, err error) {
	startMs := startOf(key)
	if startMs <= s.below {
		return s.Store.Get(dst, key)
	}
	if i, has := s.search(startMs); has {
		value = s.windows[i].get(key[startLen:])
	}
	return append(dst, value...), len(value) > 0, nil
}

// put takes in what the base has under the key of a row whose window is behind
// below: nothing, if there is no value.
func (s *shelf) put(key, value []byte) {
	startMs := startOf(key)
	i, has := s.search(startMs)
	switch {
	case has:
		s.bytes -= s.windows[i].memory()
	case len(value) == 0:
		return
	default:
		s.windows = slices.Insert(s.windows, i, &shelved{startMs: startMs})
	}
	w := s.windows[i]
	w.put(key[startLen:], value)
	s.bytes += w.memory()
	if !w.holds() {
		s.drop(startMs)
	}
}

// drop moves below, unless it is there already.
func (s *shelf) drop(below int64) {
	s.below = max(s.below, below)
	n, has := s.search(s.below)
	if has {
		n++
	}
	for _, w := range s.windows[:n] {
		s.bytes -= w.memory()
	}
	clear(s.windows[:n])
	s.windows = s.windows[n:] // which stay where they are: there may be one for each row
}

// clear forgets everything. The base is not asked for anything until drop says
// which windows it may have.
func (s *shelf) clear() { s.below, s.windows, s.bytes = none, nil, 0 }

// dropOldest makes room; it reports false if there is nothing left to drop.
func (s *shelf) dropOldest() bool {
	if len(s.windows) == 0 {
		return false
	}
	s.drop(s.windows[0].startMs)
	return true
}

// search is where a window is, or belongs.
func (s *shelf) search(startMs int64) (i int, has bool) {
	return slices.BinarySearchFunc(s.windows, startMs, func(w *shelved, ms int64) int { return cmp.Compare(w.startMs, ms) })
}
