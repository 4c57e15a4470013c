package lsm

import (
	"bytes"

	"github.com/cockroachdb/pebble/v2"

	"github.com/millrace-io/millrace/state"
)

// cursor walks over a pebble iterator, which keeps the files and memtables of
// its start alive.
type cursor struct {
	db      *db
	it      *pebble.Iterator // nil if there is nothing to walk over
	reverse bool
	started bool
	value   []byte
	err     error
}

// newCursor is called with the store's mu held, so the database is open.
func newCursor(s *store, from, to []byte, reverse bool) *cursor {
	c := &cursor{db: s.db, reverse: reverse}
	if to != nil && bytes.Compare(from, to) >= 0 {
		return c
	}
	bounds := keys.Get().(*[]byte) // the iterator copies them
	defer keys.Put(bounds)
	*bounds = append(append((*bounds)[:0], s.prefix...), from...)
	o := &pebble.IterOptions{LowerBound: *bounds, UpperBound: s.end}
	if to != nil {
		n := len(*bounds)
		*bounds = append(append(*bounds, s.prefix...), to...)
		o.LowerBound, o.UpperBound = (*bounds)[:n], (*bounds)[n:]
	}
	it, err := s.db.pebble.NewIter(o)
	if err != nil {
		c.err = s.db.readError(err)
		return c
	}
	c.it = it
	s.db.cursors.Add(1)
	return c
}

func (c *cursor) Next() bool {
	if c.it == nil || c.err != nil {
		return false
	}
	if c.db.closing.Load() {
		c.err = state.ErrClosed
		return false
	}
	if !c.move() {
		if err := c.it.Error(); err != nil {
			c.err = c.db.readError(err)
		}
		return false
	}
	value, err := c.it.ValueAndErr()
	if err != nil {
		c.err = c.db.readError(err)
		return false
	}
	c.value = value
	return true
}

func (c *cursor) move() bool {
	first := !c.started
	c.started = true
	switch {
	case first && c.reverse:
		return c.it.Last()
	case first:
		return c.it.First()
	case !c.it.Valid():
		return false // the end, reached before
	case c.reverse:
		return c.it.Prev()
	default:
		return c.it.Next()
	}
}

func (c *cursor) Key() []byte   { return c.it.Key()[prefixLen:] }
func (c *cursor) Value() []byte { return c.value }
func (c *cursor) Err() error    { return c.err }

func (c *cursor) Close() error {
	if c.it == nil {
		return nil
	}
	err := c.it.Close()
	c.it = nil
	c.db.cursors.Done()
	if err != nil && c.err == nil {
		return c.db.readError(err)
	}
	return nil
}
