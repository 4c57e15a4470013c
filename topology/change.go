package topology

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
)

// The repartition topic of a grouped table holds changes as Kafka Streams
// writes them, with a byte at the end that says what is before it:
//
//	6e 01         the new row alone, "n"
//	6f 00         the old row alone, "o"
//	04 6e6e 6f 02 the length of the new row (2, zigzag varint), it, and the old row
//
// 3, 4 and 5 are 0, 1 and 2 with one more byte before them, which is 0 if the
// change is stale. Kafka Streams reads those and never writes them, and so does
// this.
const (
	oldRow = iota
	newRow
	bothRows
	marked // is what is added to the others
)

// changeSerde is the serde of changes of rows, made of that of the rows.
type changeSerde[V any] struct {
	rows serde.Serde[V]
}

var errNoRow = errors.New("a change from no row to no row has no bytes")

func (s changeSerde[V]) Append(dst []byte, c graph.Change[V]) (_ []byte, err error) {
	start, flag := len(dst), byte(oldRow)
	switch {
	case !c.HasNew && !c.HasOld:
		return dst, errNoRow
	case c.HasNew && c.HasOld:
		flag = bothRows
		dst, err = s.appendSized(dst, c.New)
	case c.HasNew:
		flag = newRow
		dst, err = s.rows.Append(dst, c.New)
	}
	if err == nil && c.HasOld {
		dst, err = s.rows.Append(dst, c.Old)
	}
	if err != nil {
		return dst[:start], err
	}
	return append(dst, flag), nil
}

// appendSized appends the length of v's bytes and them.
func (s changeSerde[V]) appendSized(dst []byte, v V) ([]byte, error) {
	at := len(dst)
	dst, err := s.rows.Append(append(dst, 0), v)
	if err != nil {
		return dst, err
	}
	var length [binary.MaxVarintLen64]byte
	size := binary.PutVarint(length[:], int64(len(dst)-at-1))
	if dst[at] = length[0]; size > 1 { // it does not fit the byte left free for it
		dst = slices.Insert(dst, at+1, length[1:size]...)
	}
	return dst, nil
}

func (s changeSerde[V]) Decode(b []byte) (c graph.Change[V], err error) {
	flag, b, ok := cutLast(b)
	if ok && flag >= marked && flag <= marked+bothRows {
		var latest byte
		latest, b, ok = cutLast(b)
		c.Stale = latest == 0
		flag -= marked
	}
	if !ok {
		return c, fmt.Errorf("a change of a row ends too early")
	}
	var old, row []byte
	switch flag {
	case oldRow:
		c.HasOld, old = true, b
	case newRow:
		c.HasNew, row = true, b
	case bothRows:
		n, size := binary.Varint(b)
		if size <= 0 || n < 0 || n > int64(len(b)-size) {
			return c, fmt.Errorf("a change of a row has %d bytes and no valid length of the new one", len(b))
		}
		c.HasOld, c.HasNew = true, true
		row, old = b[size:size+int(n)], b[size+int(n):]
	default:
		return c, fmt.Errorf("a change of a row ends with %d, which no known version writes: is it one?", flag)
	}
	if c.HasNew {
		if c.New, err = s.rows.Decode(row); err != nil {
			return graph.Change[V]{}, fmt.Errorf("new row: %w", err)
		}
	}
	if c.HasOld {
		if c.Old, err = s.rows.Decode(old); err != nil {
			return graph.Change[V]{}, fmt.Errorf("old row: %w", err)
		}
	}
	return c, nil
}

// cutLast splits off the last byte.
func cutLast(b []byte) (last byte, rest []byte, ok bool) {
	if len(b) == 0 {
		return 0, nil, false
	}
	return b[len(b)-1], b[:len(b)-1], true
}

// SerdeName says what the rows are.
func (s changeSerde[V]) SerdeName() string { return "change of " + serde.NameOf(s.rows) }

// ForTopic asks the serde of the rows, if it wants to know.
func (s changeSerde[V]) ForTopic(topic string, role serde.Role) (serde.Serde[graph.Change[V]], error) {
	rows, err := graph.OfTopic(s.rows, topic, role)
	return changeSerde[V]{rows}, err
}
