package graph

import "github.com/millrace-io/millrace/processor"

// Outbox collects the records that the sinks of a task write in one
// transaction. Keys and values lie in one slab. What many values end with lies
// there once:
//
//	end := o.Share(row)
//	for ... {
//		o.Add(slab, topic, partition, keyLen, valLen, m) // the value without its end
//		o.EndWith(end)
//	}
type Outbox struct {
	slab    []byte
	records []Out
	shared  []span
}

// span is a part of the slab.
type span struct{ off, len int }

// Out is one record of an Outbox; read its bytes with Key and Value.
type Out struct {
	Topic     string
	Partition int32 // -1: by the default partitioner
	end       int32 // what the value ends with, as Share has returned it
	Time      int64
	Headers   []processor.Header
	off       int
	key, val  int // lengths, -1 is a null
}

// Mark is a place in an Outbox to go back to.
type Mark struct{ slab, records, shared int }

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

// Share takes the end of the values of records that are added later, for
// EndWith.
func (o *Outbox) Share(end []byte) int32 {
	o.shared = append(o.shared, span{len(o.slab), len(end)})
	o.slab = append(o.slab, end...)
	return int32(len(o.shared))
}

// EndWith has the value of the record that was added last go on with what Share
// was given.
func (o *Outbox) EndWith(end int32) { o.records[len(o.records)-1].end = end }

// Mark returns the present end.
func (o *Outbox) Mark() Mark { return Mark{len(o.slab), len(o.records), len(o.shared)} }

// Rollback drops what was added after m.
func (o *Outbox) Rollback(m Mark) {
	clear(o.records[m.records:])
	o.slab, o.records, o.shared = o.slab[:m.slab], o.records[:m.records], o.shared[:m.shared]
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

// Value returns the value of record i, nil for a null. It is a copy if the
// record shares the end of it with others.
func (o *Outbox) Value(i int) []byte {
	r := &o.records[i]
	if r.val < 0 {
		return nil
	}
	off := r.off + max(r.key, 0)
	value := o.slab[off : off+r.val : off+r.val]
	if r.end == 0 {
		return value
	}
	end := o.shared[r.end-1]
	return append(append(make([]byte, 0, r.val+end.len), value...), o.slab[end.off:end.off+end.len]...)
}

// Shares says whether record i shares the end of its value, so that Value makes
// a copy.
func (o *Outbox) Shares(i int) bool { return o.records[i].end > 0 }

// Size is the length of key and value of record i.
func (o *Outbox) Size(i int) int {
	r := &o.records[i]
	n := max(r.key, 0) + max(r.val, 0)
	if r.end > 0 {
		n += o.shared[r.end-1].len
	}
	return n
}

// Reset empties the outbox and keeps its memory.
func (o *Outbox) Reset() { o.Rollback(Mark{}) }
