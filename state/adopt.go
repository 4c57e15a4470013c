package state

import "fmt"

// adoptRows is how many rows Adopt moves with one batch.
const adoptRows = 4096

// Adopt moves the rows of other layouts to where s looks for them: those of an
// application with another retention, or without the index. Nothing else may
// write to the store meanwhile. What was moved when a process died is moved
// again.
func (s Segments) Adopt(store Store) error {
	own := s.layout()
	for _, span := range [...][2][]byte{{{indexByte + 1}, s.First()}, {s.Last(), nil}} {
		if err := s.adopt(store, span[0], span[1]); err != nil {
			return fmt.Errorf("move rows to layout %x: %w", own, err)
		}
	}
	return nil
}

func (s Segments) adopt(store Store, from, to []byte) (err error) {
	c := store.Scan(from, to, false)
	defer func() {
		if cerr := c.Close(); err == nil {
			err = cerr
		}
	}()
	p, _ := store.Position()
	var b Batch
	var scratch []byte
	found := false
	for c.Next() {
		found = true
		scratch = scratch[:0]
		r, err := s.DecodeKey(c.Key(), &scratch)
		if err != nil {
			return err
		}
		b.Set(s.AppendKey(nil, r), c.Value(), 0)
		if s.byTime {
			b.Set(s.AppendIndex(nil, r), nil, 0)
		}
		if b.Len() >= adoptRows {
			if err := store.Apply(&b, p); err != nil {
				return err
			}
			b.Reset()
		}
	}
	if err := c.Err(); err != nil || !found {
		return err
	}
	if to == nil {
		to = []byte{0xff}
	}
	b.DeleteRange(from, to)
	if !s.byTime {
		b.DeleteRange([]byte{indexByte}, []byte{indexByte + 1})
	}
	return store.Apply(&b, p)
}
