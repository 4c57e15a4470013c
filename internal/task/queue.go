package task

import (
	"slices"
	"sync"

	"github.com/millrace-io/millrace/internal/graph"
)

// queue are the records of one topic that wait for their turn, in chunks: it
// holds memory for what waits now, not for the most that ever did.
//
//	  first     end
//	    v        v
//	....xxxx | xxxx....
type queue struct {
	chunks []*chunk // all with records, or the last with room for some
	first  int      // place of the head in the first chunk
	end    int      // place behind the last record in the last chunk
	n      int
	bytes  int64
}

type chunk [64]graph.Input

// chunks are empty ones: what one queue has let go of, another one needs next.
var chunks = sync.Pool{New: func() any { return new(chunk) }}

func (q *queue) push(in *graph.Input) {
	if len(q.chunks) == 0 || q.end == len(chunk{}) {
		q.chunks, q.end = append(q.chunks, chunks.Get().(*chunk)), 0
	}
	q.chunks[len(q.chunks)-1][q.end] = *in
	q.end++
	q.n++
	q.bytes += int64(in.Size())
}

// head is the record whose turn is next. The queue must not be empty.
func (q *queue) head() *graph.Input { return &q.chunks[0][q.first] }

// pop drops the head, so that the fetched buffer it lies in can be freed.
func (q *queue) pop() {
	q.bytes -= int64(q.head().Size())
	*q.head() = graph.Input{}
	q.n--
	if q.first++; q.first == len(chunk{}) {
		chunks.Put(q.chunks[0])
		q.chunks, q.first = slices.Delete(q.chunks, 0, 1), 0
	}
}

// replace puts other bytes into the head.
func (q *queue) replace(key, value []byte) {
	h := q.head()
	q.bytes -= int64(h.Size())
	h.Key, h.Value = key, value
	q.bytes += int64(h.Size())
}

// reset drops everything.
func (q *queue) reset() { *q = queue{} }
