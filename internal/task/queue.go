package task

import "github.com/millrace-io/millrace/internal/graph"

// queue is the ring of records of one topic that wait for their turn. It
// allocates only to grow.
type queue struct {
	ring  []graph.Input // its length is a power of two
	first int           // place of the head
	n     int
	bytes int64
}

func (q *queue) push(in *graph.Input) {
	if q.n == len(q.ring) {
		q.grow()
	}
	q.ring[(q.first+q.n)&(len(q.ring)-1)] = *in
	q.n++
	q.bytes += int64(in.Size())
}

func (q *queue) grow() {
	ring := make([]graph.Input, max(16, 2*len(q.ring)))
	n := copy(ring, q.ring[q.first:])
	copy(ring[n:], q.ring[:q.first])
	q.ring, q.first = ring, 0
}

// head is the record whose turn is next. The queue must not be empty.
func (q *queue) head() *graph.Input { return &q.ring[q.first] }

// pop drops the head, so that the fetched buffer it lies in can be freed.
func (q *queue) pop() {
	q.bytes -= int64(q.head().Size())
	*q.head() = graph.Input{}
	q.first = (q.first + 1) & (len(q.ring) - 1)
	q.n--
}

// replace puts other bytes into the head.
func (q *queue) replace(key, value []byte) {
	h := q.head()
	q.bytes -= int64(h.Size())
	h.Key, h.Value = key, value
	q.bytes += int64(h.Size())
}

// reset drops everything and keeps the memory.
func (q *queue) reset() {
	clear(q.ring)
	q.first, q.n, q.bytes = 0, 0, 0
}
