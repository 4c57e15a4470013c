package changelog

import (
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/state"
)

// part is a piece of a changelog on its way into a store.
type part struct {
	batch   state.Batch
	records int   // that it was made of
	next    int64 // the position behind it
	last    bool  // of what was fetched at once
}

// rowOverhead is what a row has beside the bytes of its record: room for a
// time, and for marks and the end of a key if it has versions.
const rowOverhead = 12

// fill replaces the part by the rows of as many records as make about limit
// bytes, at least one, and returns the records that are left. It does not set
// next if none are left: the caller knows what follows the last record.
func (p *part) fill(records []*kgo.Record, limit int, to *state.Restoring) (left []*kgo.Record) {
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
		size += len(r.Key) + len(r.Value) + rowOverhead
	}
	p.batch.Grow(rows, size)
	p.records = 0
	for _, r := range records {
		if r.Key == nil {
			continue // no row of a store; Kafka Streams skips these too
		}
		p.records++
		to.Add(&p.batch, state.Write{Key: r.Key, Value: r.Value, Delete: r.Value == nil, Time: r.Timestamp.UnixMilli()})
	}
	to.Finish(&p.batch)
	return left
}
