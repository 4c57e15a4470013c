package changelog

import (
	"encoding/binary"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/state"
)

// part is a piece of a changelog on its way into a store.
type part struct {
	batch state.Batch
	next  int64 // the position behind it
	last  bool  // of what was fetched at once
}

// fill replaces the part by the rows of as many records as make about limit
// bytes, at least one, and returns the records that are left. It does not set
// next if none are left: the caller knows what follows the last record.
func (p *part) fill(records []*kgo.Record, limit int, format state.Format) (left []*kgo.Record) {
	p.batch.Reset()
	p.last = true
	rows, size := 0, 0
	for i, r := range records {
		if i > 0 && size >= limit {
			p.last, p.next = false, records[i-1].Offset+1
			records, left = records[:i], records[i:]
			break
		}
		rows++
		size += len(r.Key) + len(r.Value) + timePrefix
	}
	p.batch.Grow(rows, size)
	for _, r := range records {
		if r.Key == nil {
			continue // no row of a store; Kafka Streams skips these too
		}
		ms := r.Timestamp.UnixMilli()
		slab := append(p.batch.Slab(), r.Key...)
		if r.Value != nil {
			if format == state.Timestamped {
				slab = binary.BigEndian.AppendUint64(slab, uint64(ms))
			}
			slab = append(slab, r.Value...)
		}
		p.batch.Commit(slab, len(r.Key), r.Value == nil, ms)
	}
	return left
}
