package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// Reader is the typed view of committed bytes alone, in state.Timestamped
// format: what nodes see of a global table. The bytes below may change at any
// time, a scan sees them as of its start. One Reader belongs to one goroutine,
// as it has memory to work in; any number may read the same bytes.
type Reader[K, V any] struct {
	base     state.Store
	ks       serde.Serde[K]
	vs       serde.Serde[V]
	name     string
	scanErr  error
	key, buf []byte // scratch
}

// NewReader makes a view of base; name is for errors.
func NewReader[K, V any](base state.Store, ks serde.Serde[K], vs serde.Serde[V], name string) *Reader[K, V] {
	return &Reader[K, V]{base: base, ks: ks, vs: vs, name: name}
}

// Get returns the value of key; ok is false if there is none.
func (r *Reader[K, V]) Get(key K) (v V, ok bool, err error) {
	v, _, ok, err = r.GetWithTime(key)
	return v, ok, err
}

// GetWithTime also returns the event time of the row in milliseconds.
func (r *Reader[K, V]) GetWithTime(key K) (v V, timeMs int64, ok bool, err error) {
	if r.key, err = r.ks.Append(r.key[:0], key); err != nil {
		return v, 0, false, fmt.Errorf("table %s: encode key: %w", r.name, err)
	}
	buf, ok, err := r.base.Get(r.buf[:0], r.key)
	if err != nil {
		return v, 0, false, fmt.Errorf("table %s: read: %w", r.name, err)
	}
	if !ok {
		return v, 0, false, nil
	}
	r.buf = buf
	v, timeMs, err = r.decode(buf)
	return v, timeMs, err == nil, err
}

// All yields every row in the order of the encoded keys.
func (r *Reader[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) { r.scanErr = r.walk(nil, nil, yield) }
}

// Range yields the rows from from (inclusive) to to (exclusive) in the order of
// the encoded keys.
func (r *Reader[K, V]) Range(from, to K) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		// A loop body may use the view again: the bounds need memory of their own.
		lo, err := r.ks.Append(nil, from)
		hi := []byte{}
		if err == nil {
			hi, err = r.ks.Append(hi, to)
		}
		switch {
		case err != nil:
			err = fmt.Errorf("table %s: encode key: %w", r.name, err)
		case bytes.Compare(lo, hi) < 0:
			err = r.walk(lo, hi, yield)
		}
		r.scanErr = err
	}
}

// ScanErr is the error that ended the last All or Range early, or nil.
func (r *Reader[K, V]) ScanErr() error { return r.scanErr }

func (r *Reader[K, V]) walk(lo, hi []byte, yield func(K, V) bool) (err error) {
	c := r.base.Scan(lo, hi, false)
	defer func() {
		if cerr := c.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("table %s: scan: %w", r.name, cerr)
		}
	}()
	for c.Next() {
		k, err := r.ks.Decode(c.Key())
		if err != nil {
			return fmt.Errorf("table %s: decode key of %d bytes: %w", r.name, len(c.Key()), err)
		}
		v, _, err := r.decode(c.Value())
		if err != nil {
			return err
		}
		if !yield(k, v) {
			return nil
		}
	}
	if err := c.Err(); err != nil {
		return fmt.Errorf("table %s: scan: %w", r.name, err)
	}
	return nil
}

// decode parts a stored value into event time and value.
func (r *Reader[K, V]) decode(b []byte) (v V, timeMs int64, err error) {
	if len(b) < 8 {
		return v, 0, fmt.Errorf("table %s: stored value of %d bytes has no room for its event time: the state is damaged; delete it, the topic brings it back", r.name, len(b))
	}
	if v, err = r.vs.Decode(b[8:]); err != nil {
		return v, 0, fmt.Errorf("table %s: decode value of %d bytes: %w", r.name, len(b)-8, err)
	}
	return v, int64(binary.BigEndian.Uint64(b)), nil
}
