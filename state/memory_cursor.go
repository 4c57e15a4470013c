package state

import "github.com/tidwall/btree"

// memoryCursor walks over one published tree. Key and Value copy, so that the
// caller may scribble over what it gets.
type memoryCursor struct {
	it         btree.MapIter[string, string]
	from, to   string
	open       bool // there is no to
	reverse    bool
	started    bool
	done       bool
	key, value []byte
	err        error
}

func newMemoryCursor(tree *memoryTree, from, to []byte, reverse bool) *memoryCursor {
	return &memoryCursor{it: tree.Iter(), from: string(from), to: string(to), open: to == nil, reverse: reverse}
}

func (c *memoryCursor) Next() bool {
	if c.done || c.err != nil {
		return false
	}
	ok := c.move()
	if ok {
		key := c.it.Key()
		if c.reverse {
			ok = key >= c.from
		} else {
			ok = c.open || key < c.to
		}
	}
	if !ok {
		c.done = true
		return false
	}
	c.key = append(c.key[:0], c.it.Key()...)
	c.value = append(c.value[:0], c.it.Value()...)
	return true
}

// move goes to the first entry, or to the next.
func (c *memoryCursor) move() bool {
	switch {
	case c.started && c.reverse:
		return c.it.Prev()
	case c.started:
		return c.it.Next()
	}
	c.started = true
	switch {
	case !c.reverse:
		return c.it.Seek(c.from)
	case !c.open && c.it.Seek(c.to):
		return c.it.Prev() // to itself is not part of the range
	default:
		return c.it.Last()
	}
}

func (c *memoryCursor) Key() []byte   { return c.key }
func (c *memoryCursor) Value() []byte { return c.value }
func (c *memoryCursor) Err() error    { return c.err }

func (c *memoryCursor) Close() error {
	c.done = true
	c.it = btree.MapIter[string, string]{} // let go of the tree
	return nil
}
