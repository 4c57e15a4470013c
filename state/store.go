package state

// Store is a sorted map of bytes to bytes: the committed state of one store of
// one task. Keys sort as bytes.Compare does. Get and Scan may be called by any
// goroutine; the other methods by one at a time.
type Store interface {
	// Get appends the value of key to dst and returns the extended slice. An
	// empty value is one: only ok tells it from a missing key.
	Get(dst, key []byte) (value []byte, ok bool, err error)
	// Scan returns a cursor over the keys in [from, to), as they are at the
	// time of the call, whatever is applied later; nil is unbounded. If reverse,
	// the largest key comes first. The cursor must be closed.
	Scan(from, to []byte, reverse bool) Cursor
	// Apply writes a batch and the position that goes with it, atomically, and
	// in order: a range is deleted (Write.To) as it is then. The batch may be
	// reused afterwards. After an error nothing was written.
	Apply(b *Batch, p Position) error
	// Load is Apply for restoring: many large batches one after the other, each
	// sorted by preference (Batch.Sort). A crash may lose the last of them,
	// never a part of one; or lose its position only, and then the same writes
	// come again.
	Load(b *Batch, p Position) error
	// Position is what the last Apply or Load brought; ok is false for a
	// store that has never been written.
	Position() (p Position, ok bool)
	// Clear empties the store and forgets its position.
	Clear() error
	// Close releases the store; its contents stay in the database. Closing
	// twice does nothing.
	Close() error
}

// Cursor walks over a part of a Store. The slices that Key and Value return
// are valid until the next call of Next or Close.
//
//	c := s.Scan(nil, nil, false)
//	defer c.Close()
//	for c.Next() { use(c.Key(), c.Value()) }
//	return c.Err()
type Cursor interface {
	Next() bool
	Key() []byte
	Value() []byte
	Err() error
	Close() error
}
