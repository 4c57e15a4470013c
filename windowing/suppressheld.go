package windowing

import (
	"errors"
	"fmt"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
)

// held is a row whose update is held back: the row, if there is one, its event
// time, and its predecessor as those behind know it.
type held[R any] struct {
	row, prior    R
	has, hasPrior bool
	timeMs        int64
}

// String is the row, for tests.
func (h held[R]) String() string {
	if !h.has {
		return "null"
	}
	return fmt.Sprint(h.row)
}

// heldSerde writes what Kafka Streams does (BufferValue, version 3): the context
// of the last update, and then three values with their lengths, -1 for none: the
// predecessor, the row before the last update, and the row. The second of them
// may be -2, "as the first", and is: nobody needs it. Of the context only the
// time matters; topic, partition, offset and headers of the record that made the
// update are left empty. The time that the row waits for comes behind.
type heldSerde[R any] struct {
	rows serde.Serde[R]
}

const samePrior = -2

var errHeld = errors.New("no row of a buffer of suppressed updates, or one of Kafka Streams before 2.4: let that version pass on what it holds first")

func (s heldSerde[R]) Append(dst []byte, h held[R]) (_ []byte, err error) {
	dst = appendInt64(dst, h.timeMs)
	dst = appendInt64(dst, -1) // offset
	dst = appendInt32(dst, 0)  // length of the topic's name
	dst = appendInt32(dst, -1) // partition
	dst = appendInt32(dst, 0)  // number of headers
	if dst, err = appendSized(dst, s.rows, h.prior, h.hasPrior); err != nil {
		return dst, err
	}
	if h.hasPrior {
		dst = appendInt32(dst, samePrior)
	} else {
		dst = appendInt32(dst, noValue)
	}
	return appendSized(dst, s.rows, h.row, h.has)
}

func (s heldSerde[R]) Decode(b []byte) (h held[R], err error) {
	r := reader{b: b}
	h.timeMs = r.int64()
	r.int64() // offset
	r.sized() // topic
	r.int32() // partition
	for range r.count() {
		r.sized()
		r.sized()
	}
	prior, hasPrior := r.sized()
	if n := r.int32(); n >= 0 {
		r.take(int(n))
	}
	row, has := r.sized()
	if r.short || len(r.b) > 0 {
		return h, errHeld
	}
	if h.hasPrior = hasPrior; hasPrior {
		if h.prior, err = s.rows.Decode(prior); err != nil {
			return h, err
		}
	}
	if h.has = has; has {
		h.row, err = s.rows.Decode(row)
	}
	return h, err
}

// SerdeName is that of the rows' serde.
func (s heldSerde[R]) SerdeName() string { return "suppressed " + serde.NameOf(s.rows) }

// ForTopic asks the rows' serde, if it wants to know.
func (s heldSerde[R]) ForTopic(topic string, role serde.Role) (serde.Serde[held[R]], error) {
	rows, err := graph.OfTopic(s.rows, topic, role)
	return heldSerde[R]{rows}, err
}
