package store_test

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/tidwall/btree"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/state"
)

var (
	_ state.KeyValue[string, int64] = (*store.KeyValue[string, int64])(nil)
	_ graph.TaskStore               = (*store.KeyValue[string, int64])(nil)
)

// base is a state.Store in memory that counts reads and open cursors and fails
// on demand.
type base struct {
	m               btree.Map[string, string]
	gets, open      int
	getErr, scanErr error
	closeErr        error
	failAfter       int
}

func (b *base) Get(dst, key []byte) ([]byte, bool, error) {
	b.gets++
	if b.getErr != nil {
		return nil, false, b.getErr
	}
	v, ok := b.m.Get(string(key))
	return append(dst, v...), ok, nil
}

func (b *base) Scan(from, to []byte, reverse bool) state.Cursor {
	if to != nil && string(from) >= string(to) {
		panic("an empty range, which stores need not understand")
	}
	b.open++
	c := &cursor{b: b, left: -1}
	if b.scanErr != nil {
		c.left = b.failAfter
	}
	b.m.Ascend(string(from), func(k, v string) bool {
		if to != nil && k >= string(to) {
			return false
		}
		c.rows = append(c.rows, [2]string{k, v})
		return true
	})
	if reverse {
		slices.Reverse(c.rows)
	}
	return c
}

func (b *base) Apply(batch *state.Batch, _ state.Position) error {
	for i := range batch.Len() {
		switch w := batch.At(i); {
		case w.To != nil:
			for _, key := range b.m.Keys() {
				if key >= string(w.Key) && key < string(w.To) {
					b.m.Delete(key)
				}
			}
		case w.Delete:
			b.m.Delete(string(w.Key))
		default:
			b.m.Set(string(w.Key), string(w.Value))
		}
	}
	return nil
}

func (b *base) Load(batch *state.Batch, p state.Position) error { return b.Apply(batch, p) }
func (b *base) Position() (state.Position, bool)                { return state.Position{}, false }
func (b *base) Clear() error                                    { b.m.Clear(); return nil }
func (b *base) Close() error                                    { return nil }

// cursor hands out memory that it overwrites, as the contract allows.
type cursor struct {
	b        *base
	rows     [][2]string
	key, val []byte
	left     int
	err      error
}

func (c *cursor) Next() bool {
	for i := range c.key {
		c.key[i] = '#'
	}
	for i := range c.val {
		c.val[i] = '#'
	}
	if c.left == 0 {
		c.err = c.b.scanErr
		return false
	}
	if len(c.rows) == 0 {
		return false
	}
	c.left--
	c.key, c.val = append(c.key[:0], c.rows[0][0]...), append(c.val[:0], c.rows[0][1]...)
	c.rows = c.rows[1:]
	return true
}

func (c *cursor) Key() []byte   { return c.key }
func (c *cursor) Value() []byte { return c.val }
func (c *cursor) Err() error    { return c.err }
func (c *cursor) Close() error  { c.b.open--; return c.b.closeErr }

var errRefused = errors.New("refused")

// text encodes strings as they are and refuses "refused".
type text struct{}

func (text) Append(dst []byte, v string) ([]byte, error) {
	if v == "refused" {
		return nil, errRefused
	}
	return append(dst, v...), nil
}

func (text) Decode(b []byte) (string, error) {
	if string(b) == "refused" {
		return "", errRefused
	}
	return string(b), nil
}

// number encodes an int64 in 8 bytes and refuses -1. It counts its calls.
type number struct{ encoded, decoded *int }

func counting() number { return number{new(int), new(int)} }

func (n number) Append(dst []byte, v int64) ([]byte, error) {
	if n.encoded != nil {
		*n.encoded++
	}
	if v == -1 {
		return dst, errRefused
	}
	return binary.BigEndian.AppendUint64(dst, uint64(v)), nil
}

func (n number) Decode(b []byte) (int64, error) {
	if n.decoded != nil {
		*n.decoded++
	}
	if len(b) != 8 {
		return 0, errors.New("want 8 bytes")
	}
	return int64(binary.BigEndian.Uint64(b)), nil
}

// list encodes a slice of small numbers and refuses those that begin with 255.
type list struct{}

func (list) Append(dst []byte, v []byte) ([]byte, error) {
	if len(v) > 0 && v[0] == 255 {
		return nil, errRefused
	}
	return append(append(dst, byte(len(v))), v...), nil
}

func (list) Decode(b []byte) ([]byte, error) {
	if len(b) == 0 || len(b) != 1+int(b[0]) || len(b) > 1 && b[1] == 255 {
		return nil, errors.New("damaged list")
	}
	return slices.Clone(b[1:]), nil
}

// cloned is list with Clone: its values are kept decoded.
type cloned struct{ list }

func (cloned) Clone(v []byte) []byte { return slices.Clone(v) }
