package store

import (
	"fmt"

	"github.com/millrace-io/millrace/serde"
)

// codec keeps, writes and reads the values of the store of a name.
type codec[V any] struct {
	of      string // the name
	vs      serde.Serde[V]
	keep    bool            // values are kept decoded
	cloner  serde.Cloner[V] // set if they must be cloned
	strings []uintptr       // where plain values have strings
	typical int             // encoded size of the last value that was read or frozen
	buf     []byte          // scratch
}

func newCodec[V any](name string, vs serde.Serde[V]) codec[V] {
	c := codec[V]{of: name, vs: vs}
	if c.strings, c.keep = plainLayout[V](); !c.keep {
		c.cloner, c.keep = vs.(serde.Cloner[V])
	}
	return c
}

// take is what a store keeps of v, which its caller may change right after: a
// value, or its bytes.
func (c *codec[V]) take(v V) (value V, raw []byte, err error) {
	switch {
	case c.cloner != nil:
		return c.cloner.Clone(v), nil, nil
	case c.keep:
		return v, nil, nil
	}
	buf, err := c.appendValue(c.buf[:0], v)
	if err != nil {
		return value, nil, err
	}
	c.buf = buf
	return value, append(make([]byte, 0, len(buf)), buf...), nil
}

// takeRaw is take for the bytes of a value, which the caller may use again.
func (c *codec[V]) takeRaw(b []byte) (value V, raw []byte, err error) {
	if c.keep {
		value, err = c.decode(b)
		return value, nil, err
	}
	return value, append(make([]byte, 0, len(b)), b...), nil
}

// give is what a caller gets to see of what take has returned: it may be changed
// freely.
func (c *codec[V]) give(value *V, raw []byte) (V, error) {
	switch {
	case c.cloner != nil:
		return c.cloner.Clone(*value), nil
	case c.keep:
		return *value, nil
	}
	return c.decode(raw)
}

// appendTaken appends the bytes of what take has returned.
func (c *codec[V]) appendTaken(dst []byte, value *V, raw []byte) ([]byte, error) {
	if c.keep {
		return c.appendValue(dst, *value)
	}
	return append(dst, raw...), nil
}

// weight is roughly what a value takes beside a V.
func (c *codec[V]) weight(value *V, raw []byte) int {
	n := len(raw) + text(value, c.strings)
	if c.cloner != nil {
		n += c.typical
	}
	return n
}

func (c *codec[V]) decode(b []byte) (V, error) {
	c.typical = len(b)
	v, err := c.vs.Decode(b)
	if err != nil {
		return v, fmt.Errorf("store %s: decode value of %d bytes: %w", c.of, len(b), err)
	}
	return v, nil
}

func (c *codec[V]) appendValue(dst []byte, v V) ([]byte, error) {
	b, err := c.vs.Append(dst, v)
	if err != nil {
		return nil, fmt.Errorf("store %s: encode value: %w", c.of, err)
	}
	if len(b) < len(dst) {
		return nil, fmt.Errorf("store %s: encode value: %T does not append to what it is given: return append(dst, ...)", c.of, c.vs)
	}
	c.typical = len(b) - len(dst)
	return b, nil
}
