package changelog

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/state"
)

// Writer turns the batches of one store into records of its changelog
// partition.
type Writer struct {
	Topic     string
	Partition int32
	Format    state.Format
}

// Append appends a record for each write of b that the changelog hears of to
// dst and returns the extended slice. Keys and values alias b, so b must stay
// as it is until the last record is acknowledged; and the client keeps pointers
// into dst, so dst must not grow between producing its first record and its
// last. A caller reuses both once the transaction is over.
func (w *Writer) Append(dst []kgo.Record, b *state.Batch) ([]kgo.Record, error) {
	var keys []byte // those that are not in b as they are logged
	var headers []kgo.RecordHeader
	if key, value, ok := w.Format.LogHeader(); ok {
		headers = []kgo.RecordHeader{{Key: key, Value: value}}
	}
	for i := range b.Len() {
		u, ok, err := w.Format.Record(b.At(i), &keys)
		if err != nil {
			return dst, fmt.Errorf("changelog topic %s partition %d: %w", w.Topic, w.Partition, err)
		}
		if !ok {
			continue
		}
		dst = append(dst, kgo.Record{Topic: w.Topic, Partition: w.Partition, Key: u.Key, Value: u.Value, Timestamp: time.UnixMilli(u.Time)})
		if !u.Delete {
			dst[len(dst)-1].Headers = headers
		}
	}
	return dst, nil
}

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
