package windowing

import (
	"encoding/binary"
	"fmt"

	"github.com/millrace-io/millrace/serde"
)

func appendInt32(dst []byte, n int32) []byte { return binary.BigEndian.AppendUint32(dst, uint32(n)) }
func appendInt64(dst []byte, n int64) []byte { return binary.BigEndian.AppendUint64(dst, uint64(n)) }

// appendSized appends a value behind its length, which is -1 for none.
func appendSized[T any](dst []byte, s serde.Serde[T], v T, has bool) ([]byte, error) {
	if !has {
		return appendInt32(dst, noValue), nil
	}
	at := len(dst)
	dst = appendInt32(dst, 0)
	b, err := s.Append(dst, v)
	if err != nil {
		return dst, err
	}
	if len(b) < len(dst) {
		return dst, fmt.Errorf("%T does not append to what it is given: return append(dst, ...)", s)
	}
	binary.BigEndian.PutUint32(b[at:], uint32(len(b)-len(dst)))
	return b, nil
}

// noValue is the length of no value.
const noValue = -1

// reader takes bytes apart. Once they end too early it yields zeros.
type reader struct {
	b     []byte
	short bool
}

func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.b, r.short = nil, true
		return make([]byte, min(n, 8))
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) int32() int32 { return int32(binary.BigEndian.Uint32(r.take(4))) }

func (r *reader) int64() int64 { return int64(binary.BigEndian.Uint64(r.take(8))) }

// count is a number of things that take at least a byte each.
func (r *reader) count() int32 {
	n := r.int32()
	if int(n) > len(r.b) {
		r.b, r.short = nil, true
	}
	if r.short {
		return 0
	}
	return n
}

// sized are bytes behind their length; ok is false if that is negative.
func (r *reader) sized() (b []byte, ok bool) {
	n := r.int32()
	if n < 0 || r.short {
		return nil, false
	}
	return r.take(int(n)), true
}
