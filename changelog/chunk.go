package changelog

import (
	"encoding/binary"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace-io/millrace/state"
)

// chunk is what a fetch brought, read as committed. It knows record batches;
// the formats from before Kafka 0.11 are left to the client, which makes a
// record of its own of each.
type chunk struct {
	batches []byte // whole ones with a right checksum
	records []*kgo.Record
	aborted []kmsg.FetchResponseTopicPartitionAbortedTransaction
	// next is the position behind the chunk. It may be behind the last record:
	// markers, aborted records and holes are passed over.
	next int64
}

// readChunk looks through the answer to a fetch at pos. An error behind a sound
// batch is left for the fetch that begins with it.
func (r *reader) readChunk(pos int64, rp *kmsg.FetchResponseTopicPartition) (chunk, error) {
	c := chunk{next: pos, aborted: rp.AbortedTransactions}
	in := rp.RecordBatches
	end := 0
	for len(in)-end > atMagic {
		b := in[end:]
		length := int64(int32(binary.BigEndian.Uint32(b[atLength:]))) + atLength + 4
		if b[atMagic] < 2 && length > atMagic {
			var err error
			c.batches = nil
			c.records, c.next, err = r.readCommitted(pos, rp)
			return c, err
		}
		if length <= int64(len(b)) || length < atRecords {
			if err := checkBatch(b, length); err != nil {
				if end == 0 {
					return c, err
				}
				break
			}
		} else {
			break // cut off by the size of the fetch
		}
		end += int(length)
		c.next = max(c.next, int64(binary.BigEndian.Uint64(b))+int64(int32(binary.BigEndian.Uint32(b[atLastDelta:])))+1)
	}
	c.batches = in[:end]
	return c, nil
}

// each calls do for all committed records from pos on, until it fails. Slices
// of the records are do's for the time of the call.
func (c *chunk) each(pos int64, do func(offset int64, record state.Write) error) error {
	for _, r := range c.records {
		w := state.Write{Key: r.Key, Value: r.Value, Delete: r.Value == nil, Time: r.Timestamp.UnixMilli()}
		if err := do(r.Offset, w); err != nil {
			return err
		}
	}
	open := c.abortedFrom()
	for in := c.batches; len(in) > 0; {
		length := binary.BigEndian.Uint32(in[atLength:]) + atLength + 4
		b := in[:length]
		in = in[length:]
		attributes := binary.BigEndian.Uint16(b[atAttributes:])
		first := int64(binary.BigEndian.Uint64(b))
		producer := int64(binary.BigEndian.Uint64(b[atProducer:]))
		from, ok := open.first(producer)
		aborted := ok && attributes&transactional != 0 && first >= from
		switch {
		case first+int64(int32(binary.BigEndian.Uint32(b[atLastDelta:]))) < pos:
		case attributes&control != 0:
			if aborted && abortMarker(b[atRecords:]) {
				open.pop(producer)
			}
		case !aborted:
			if err := eachOf(b, attributes, first, pos, do); err != nil {
				return err
			}
		}
	}
	return nil
}

// aborts are the first offsets of aborted transactions by producer, ascending.
type aborts map[int64][]int64

// abortedFrom takes what the broker says; some do not sort it.
func (c *chunk) abortedFrom() aborts {
	if len(c.aborted) == 0 {
		return nil
	}
	a := make(aborts)
	for _, t := range c.aborted {
		a[t.ProducerID] = append(a[t.ProducerID], t.FirstOffset)
	}
	for _, offsets := range a {
		slices.Sort(offsets)
	}
	return a
}

func (a aborts) first(producer int64) (int64, bool) {
	if offsets := a[producer]; len(offsets) > 0 {
		return offsets[0], true
	}
	return 0, false
}

func (a aborts) pop(producer int64) { a[producer] = a[producer][1:] }
