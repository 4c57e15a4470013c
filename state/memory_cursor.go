package state

import (
	"slices"
	"sync"
)

// memoryCursor walks over one published tree.
type memoryCursor struct {
	*memoryWalk // nil if there is nothing to walk over: closed, or an error
	err         error
}

// memoryWalk is where a cursor is. It reads some entries ahead, more each time:
// most scans want few. Key and Value copy, so that the caller may scribble over
// what it gets.
type memoryWalk struct {
	tree       *memoryTree
	from, to   []byte // the bounds of what has not been read
	bounded    bool   // there is a to
	reverse    bool
	ahead      []memoryEntry
	at         int // the next one of ahead
	key, value []byte
}

type memoryEntry struct{ key, value string }

// memoryWalks lends the memory of walks.
var memoryWalks = sync.Pool{New: func() any { return new(memoryWalk) }}

// The first read of a walk is of so many entries, and the largest one.
const (
	firstAhead = 4
	mostAhead  = 64
)

func newMemoryCursor(tree *memoryTree, from, to []byte, reverse bool) *memoryCursor {
	w := memoryWalks.Get().(*memoryWalk)
	w.from, w.to = append(w.from[:0], from...), append(w.to[:0], to...)
	w.tree, w.bounded, w.reverse = tree, to != nil, reverse
	return &memoryCursor{memoryWalk: w}
}

func (c *memoryCursor) Next() bool {
	w := c.memoryWalk
	if w == nil || w.at == len(w.ahead) && !w.read() {
		return false
	}
	e := w.ahead[w.at]
	w.at++
	w.key, w.value = append(w.key[:0], e.key...), append(w.value[:0], e.value...)
	return true
}

// read reads ahead.
func (w *memoryWalk) read() (some bool) {
	if w.tree == nil {
		return false
	}
	n := min(max(firstAhead, 2*len(w.ahead)), mostAhead)
	clear(w.ahead)
	w.ahead, w.at = slices.Grow(w.ahead[:0], n), 0
	if w.reverse {
		w.readBack(n)
	} else {
		w.readOn(n)
	}
	if len(w.ahead) < n {
		w.tree = nil // that was the end
	}
	return len(w.ahead) > 0
}

// readOn reads the first n entries, and puts from behind them.
func (w *memoryWalk) readOn(n int) {
	to := borrowed(w.to)
	w.tree.Ascend(borrowed(w.from), func(key, value string) bool {
		if w.bounded && key >= to {
			return false
		}
		w.ahead = append(w.ahead, memoryEntry{key, value})
		return len(w.ahead) < n
	})
	if len(w.ahead) > 0 {
		w.from = append(append(w.from[:0], w.ahead[len(w.ahead)-1].key...), 0)
	}
}

// readBack reads the last n entries, and puts to before them.
func (w *memoryWalk) readBack(n int) {
	from, to := borrowed(w.from), borrowed(w.to)
	take := func(key, value string) bool {
		switch {
		case key < from:
			return false
		case !w.bounded || key < to: // to itself is not part of the range
			w.ahead = append(w.ahead, memoryEntry{key, value})
		}
		return len(w.ahead) < n
	}
	if w.bounded {
		w.tree.Descend(to, take)
	} else {
		w.tree.Reverse(take)
	}
	if len(w.ahead) > 0 {
		w.to, w.bounded = append(w.to[:0], w.ahead[len(w.ahead)-1].key...), true
	}
}

func (c *memoryCursor) Key() []byte   { return c.key }
func (c *memoryCursor) Value() []byte { return c.value }
func (c *memoryCursor) Err() error    { return c.err }

func (c *memoryCursor) Close() error {
	if w := c.memoryWalk; w != nil {
		clear(w.ahead)
		w.tree, w.ahead, w.at = nil, w.ahead[:0], 0
		memoryWalks.Put(w)
		c.memoryWalk = nil
	}
	return nil
}
