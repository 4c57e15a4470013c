package changelog

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/state"
)

// Writer turns the writes to one store into records of its changelog partition.
type Writer struct {
	Topic     string
	Partition int32
	Format    state.Format

	keys    []byte // those that are logged otherwise than they are written
	headers []kgo.RecordHeader
}

// Append appends the record for a write to dst, if the changelog hears of it, and
// returns the extended slice. Key and value alias those of the write or lie in
// memory of w, so the write and w must stay as they are until the record is
// acknowledged; and the client keeps a pointer into dst, so dst must not grow then.
func (w *Writer) Append(dst []kgo.Record, write state.Write) ([]kgo.Record, error) {
	u, ok, err := w.Format.Record(write, &w.keys)
	if err != nil {
		return dst, fmt.Errorf("changelog topic %s partition %d: %w", w.Topic, w.Partition, err)
	}
	if !ok {
		return dst, nil
	}
	dst = append(dst, kgo.Record{Topic: w.Topic, Partition: w.Partition, Key: u.Key, Value: u.Value, Timestamp: time.UnixMilli(u.Time)})
	if !u.Delete {
		dst[len(dst)-1].Headers = w.logHeaders()
	}
	return dst, nil
}

// logHeaders are those of every record with a value.
func (w *Writer) logHeaders() []kgo.RecordHeader {
	if key, value, ok := w.Format.LogHeader(); ok && w.headers == nil {
		w.headers = []kgo.RecordHeader{{Key: key, Value: value}}
	}
	return w.headers
}

// Reset lets w use its memory again: all records are acknowledged.
func (w *Writer) Reset() { w.keys = w.keys[:0] }

// Acked follows the acknowledgements of one transaction's records in one
// changelog partition. Promises call Note; when all of them have been called,
// Next is the position that the store has once the transaction is committed
// and applied. The zero value is ready; Reset makes it so again.
//
// It is kept per transaction, not per partition: while one transaction ends,
// records of the next are acknowledged already, and a position that includes
// them would make a restore skip them.
type Acked struct{ next atomic.Int64 }

// Note takes the offset of an acknowledged record.
func (a *Acked) Note(offset int64) {
	for {
		n := a.next.Load()
		if offset < n || a.next.CompareAndSwap(n, offset+1) {
			return
		}
	}
}

// Next is the highest offset noted plus one; ok is false if there was none.
func (a *Acked) Next() (next int64, ok bool) {
	next = a.next.Load()
	return next, next > 0
}

// Reset forgets the offsets.
func (a *Acked) Reset() { a.next.Store(0) }
