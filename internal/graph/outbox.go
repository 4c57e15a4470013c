package graph

import "github.com/millrace-io/millrace/processor"

// Outbox collects the records that the sinks of a task write in one
// transaction. Keys and values lie in one slab.
type Outbox struct {
	slab    []byte
	records []Out
}

// Out is one record of an Outbox; read its bytes with Key and Value.
type Out struct {
	Topic     string
	Partition int32 // -1: by the default partitioner
	Time      int64
	Headers   []processor.Header
	off       int
	key, val  int // lengths, -1 is a null
}

// Mark is a place in an Outbox to go back to.
type Mark struct{ slab, records int }

// Slab returns the memory to append the next record's key and value to.
func (o *Outbox) Slab() []byte { return o.slab }

// Add adds the record whose key and value were appended to Slab. keyLen is -1
// for a null key and valLen for a null value.
func (o *Outbox) Add(slab []byte, topic string, partition int32, keyLen, valLen int, m *Meta) {
	o.records = append(o.records, Out{
		Topic: topic, Partition: partition, Time: m.Time, Headers: m.Headers,
		off: len(o.slab), key: keyLen, val: valLen,
	})
	if slab == nil {
		slab = []byte{} // of which an empty key or value is no null
	}
	o.slab = slab
}

// Mark returns the present end.
func (o *Outbox) Mark() Mark { return Mark{len(o.slab), len(o.records)} }

// Rollback drops what was added after m.
func (o *Outbox) Rollback(m Mark) {
	clear(o.records[m.records:])
	o.slab, o.records = o.slab[:m.slab], o.records[:m.records]
}

// Len is the number of records, Bytes the size of their keys and values.
func (o *Outbox) Len() int   { return len(o.records) }
func (o *Outbox) Bytes() int { return len(o.slab) }

// At returns record i, Key and Value its bytes; nil is a null.
func (o *Outbox) At(i int) *Out { return &o.records[i] }

// Key returns the key of record i, nil for a null.
func (o *Outbox) Key(i int) []byte {
	r := &o.records[i]
	if r.key < 0 {
		return nil
	}
	return o.slab[r.off : r.off+r.key : r.off+r.key]
}

// Value returns the value of record i, nil for a null.
func (o *Outbox) Value(i int) []byte {
	r := &o.records[i]
	if r.val < 0 {
		return nil
	}
	off := r.off + max(r.key, 0)
	return o.slab[off : off+r.val : off+r.val]
}

// Reset empties the outbox and keeps its memory.
func (o *Outbox) Reset() { o.Rollback(Mark{}) }
