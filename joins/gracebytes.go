package joins

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
)

// turn is the place of a record among those that wait: n tells those of equal key
// and time apart, in the order in which they came.
type turn[K any] struct {
	key    K
	timeMs int64
	n      int32
}

// turnSerde writes the key, int64 time, int32 n.
type turnSerde[K any] struct{ keys serde.Serde[K] }

const turnLen = 12

func (s turnSerde[K]) Append(dst []byte, t turn[K]) ([]byte, error) {
	b, err := s.keys.Append(dst, t.key)
	if err != nil {
		return dst, err
	}
	if len(b) < len(dst) {
		return dst, fmt.Errorf("%T does not append to what it is given: return append(dst, ...)", s.keys)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(t.timeMs))
	return binary.BigEndian.AppendUint32(b, uint32(t.n)), nil
}

func (s turnSerde[K]) Decode(b []byte) (t turn[K], err error) {
	at := len(b) - turnLen
	if at < 0 {
		return t, fmt.Errorf("%d bytes have no room for a time and a number", len(b))
	}
	t.timeMs = int64(binary.BigEndian.Uint64(b[at:]))
	t.n = int32(binary.BigEndian.Uint32(b[at+8:]))
	t.key, err = s.keys.Decode(b[:at:at])
	return t, err
}

// waiter is what a record that waits has beside its turn.
type waiter[L any] struct {
	value   L
	headers []processor.Header
}

// waiterSerde writes a version, the headers behind their number, and the value.
// Names and values of headers have their length before them, as unsigned varints;
// that of a value is one more, and 0 for a null.
type waiterSerde[L any] struct{ values serde.Serde[L] }

const waiterVersion = 1

var errWaiter = errors.New("no record of a join, or one of a newer version: upgrade this program")

func (s waiterSerde[L]) Append(dst []byte, w waiter[L]) ([]byte, error) {
	b := binary.AppendUvarint(append(dst, waiterVersion), uint64(len(w.headers)))
	for _, h := range w.headers {
		b = append(binary.AppendUvarint(b, uint64(len(h.Key))), h.Key...)
		if h.Value == nil {
			b = append(b, 0)
			continue
		}
		b = append(binary.AppendUvarint(b, uint64(len(h.Value))+1), h.Value...)
	}
	return s.values.Append(b, w.value)
}

func (s waiterSerde[L]) Decode(b []byte) (w waiter[L], err error) {
	if len(b) == 0 || b[0] != waiterVersion {
		return w, errWaiter
	}
	b = b[1:]
	take := func(less uint64) (taken []byte, ok bool) {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > less && n-less > uint64(len(b)-size) {
			b, err = nil, errWaiter
			return nil, false
		}
		b = b[size:]
		if n < less {
			return nil, false
		}
		taken, b = b[:n-less], b[n-less:]
		return taken, true
	}
	count, size := binary.Uvarint(b)
	if size <= 0 || count > math.MaxInt32 {
		return w, errWaiter
	}
	for b = b[size:]; count > 0 && err == nil; count-- {
		name, _ := take(0)
		value, has := take(1)
		h := processor.Header{Key: string(name)}
		if has {
			h.Value = append([]byte{}, value...)
		}
		w.headers = append(w.headers, h)
	}
	if err != nil {
		return waiter[L]{}, err
	}
	w.value, err = s.values.Decode(b)
	return w, err
}
