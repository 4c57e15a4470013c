package task

// cells are numbers that nodes hold pointers to and that must be taken back
// when a record fails: counters and operators' stream times. They lie in
// blocks, so that saving them before each record is a copy of an array or two.
type cells[T int64 | uint64] struct {
	live, saved []*[cellBlock]T
	n           int
}

const cellBlock = 16

// add returns a new cell that holds v.
func (c *cells[T]) add(v T) *T {
	if c.n == cellBlock*len(c.live) {
		c.live = append(c.live, new([cellBlock]T))
		c.saved = append(c.saved, new([cellBlock]T))
	}
	block, i := c.n/cellBlock, c.n%cellBlock
	c.n++
	c.saved[block][i] = v
	p := &c.live[block][i]
	*p = v
	return p
}

// before is what cell i held at the last save.
func (c *cells[T]) before(i int) T { return c.saved[i/cellBlock][i%cellBlock] }

// save notes all values, restore takes them back to the last save.
func (c *cells[T]) save() {
	for i, b := range c.live {
		*c.saved[i] = *b
	}
}

func (c *cells[T]) restore() {
	for i, b := range c.saved {
		*c.live[i] = *b
	}
}
