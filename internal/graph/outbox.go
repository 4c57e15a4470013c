package graph

import (
	"sync"
	"unsafe"

	"github.com/millrace-io/millrace/processor"
)

// Outbox collects the records that the sinks of a task write in one
// transaction, in pieces of memory that outboxes share: who sends the records
// gives each back as soon as it can. What many values end with is held once:
//
//	end := o.Share(row)
//	for ... {
//		o.Add(slab, topic, partition, keyLen, valLen, m) // the value without its end
//		o.EndWith(end)
//	}
type Outbox struct {
	rows    []*outRows
	n       int                  // records
	slabs   pieces               // keys and values
	ends    pieces               // what values end with
	shared  []span               // in ends
	headers [][]processor.Header // of the records that have some
	bytes   int                  // of keys, values and ends
	last    int                  // of the last record
}

// span is a part of a piece.
type span struct{ at, off, len int }

// Out is one record of an Outbox; read the rest with Key, Value and Headers.
type Out struct {
	Topic     string
	Time      int64
	Partition int32 // -1: by the default partitioner
	key, val  int32 // lengths, -1 is a null
	slab, off int32 // where the key begins
	headers   int32 // one more than their index, 0 if there are none
	end       int32 // what the value ends with, as Share has returned it
}

const rowsPiece = 1 << 8

type outRows [rowsPiece]Out

var rowsPool = sync.Pool{New: func() any { return new(outRows) }}

// Mark is a place in an Outbox to go back to.
type Mark struct {
	records, shared, headers, bytes int
	slabs, ends                     place
}

// Slab returns the memory to append the next record's key and value to.
func (o *Outbox) Slab() []byte { return o.slabs.next(min(2*o.last, pieceSize)) }

// Add adds the record whose key and value were appended to Slab. keyLen is -1
// for a null key and valLen for a null value.
func (o *Outbox) Add(slab []byte, topic string, partition int32, keyLen, valLen int, m *Meta) {
	at, off := o.slabs.keep(slab)
	o.last = max(keyLen, 0) + max(valLen, 0)
	o.bytes += o.last
	if o.n == len(o.rows)*rowsPiece {
		o.rows = append(o.rows, rowsPool.Get().(*outRows))
	}
	r := o.At(o.n)
	*r = Out{Topic: topic, Partition: partition, Time: m.Time, key: int32(keyLen), val: int32(valLen), slab: int32(at), off: int32(off)}
	if len(m.Headers) > 0 {
		o.headers = append(o.headers, m.Headers)
		r.headers = int32(len(o.headers))
	}
	o.n++
}

// Share takes the end of the values of records that are added later, for
// EndWith.
func (o *Outbox) Share(end []byte) int32 {
	at, off := o.ends.keep(append(o.ends.next(len(end)), end...))
	o.shared = append(o.shared, span{at, off, len(end)})
	o.bytes += len(end)
	return int32(len(o.shared))
}

// EndWith has the value of the record that was added last go on with what Share
// was given.
func (o *Outbox) EndWith(end int32) { o.At(o.n - 1).end = end }

// Mark returns the present end.
func (o *Outbox) Mark() Mark {
	return Mark{o.n, len(o.shared), len(o.headers), o.bytes, o.slabs.end(), o.ends.end()}
}

// Rollback drops what was added after m.
func (o *Outbox) Rollback(m Mark) {
	o.slabs.cut(m.slabs)
	o.ends.cut(m.ends)
	clear(o.headers[m.headers:])
	o.shared, o.headers = o.shared[:m.shared], o.headers[:m.headers]
	o.n, o.bytes = m.records, m.bytes
}

// Len is the number of records, Bytes the size of their keys and values, Memory
// that of all that the outbox has, without headers.
func (o *Outbox) Len() int      { return o.n }
func (o *Outbox) Bytes() int    { return o.bytes }
func (o *Outbox) Memory() int64 { return int64(o.bytes) + int64(o.n)*int64(unsafe.Sizeof(Out{})) }

// At returns record i, Key and Value its bytes; nil is a null.
func (o *Outbox) At(i int) *Out { return &o.rows[i/rowsPiece][i%rowsPiece] }

// Key returns the key of record i, nil for a null.
func (o *Outbox) Key(i int) []byte {
	r := o.At(i)
	if r.key < 0 {
		return nil
	}
	return o.slabs[r.slab][r.off : r.off+r.key : r.off+r.key]
}

// Value returns the value of record i, nil for a null. It is a copy if the
// record shares the end of it with others.
func (o *Outbox) Value(i int) []byte {
	r := o.At(i)
	if r.val < 0 {
		return nil
	}
	off := r.off + max(r.key, 0)
	value := o.slabs[r.slab][off : off+r.val : off+r.val]
	if r.end == 0 {
		return value
	}
	end := o.shared[r.end-1]
	return append(append(make([]byte, 0, len(value)+end.len), value...), o.ends[end.at][end.off:end.off+end.len]...)
}

// Headers returns those of record i.
func (o *Outbox) Headers(i int) []processor.Header {
	if at := o.At(i).headers; at > 0 {
		return o.headers[at-1]
	}
	return nil
}

// Size is the length of key and value of record i.
func (o *Outbox) Size(i int) int {
	r := o.At(i)
	n := int(max(r.key, 0)) + int(max(r.val, 0))
	if r.end > 0 {
		n += o.shared[r.end-1].len
	}
	return n
}

// Free gives back the memory of the records before i, which are not to be read
// any more.
func (o *Outbox) Free(i int) {
	for k := i/rowsPiece - 1; k >= 0 && o.rows[k] != nil; k-- {
		rowsPool.Put(o.rows[k])
		o.rows[k] = nil
	}
	if i < o.n {
		o.slabs.free(int(o.At(i).slab))
	}
}

// Reset empties the outbox and gives its memory back.
func (o *Outbox) Reset() {
	for _, p := range o.rows {
		if p != nil {
			rowsPool.Put(p)
		}
	}
	clear(o.rows)
	o.rows = o.rows[:0]
	o.Rollback(Mark{})
}
