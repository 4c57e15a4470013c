package runtime

import (
	"sync"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"
)

// batch is what one poll brought for one topic partition.
type batch struct {
	topic   string
	records []*kgo.Record
	lag     int64 // records behind the last of the batch, up to the last stable offset
}

// inbox takes batches from the fetcher until the worker empties it.
//
// After an abort the worker closes it; what the client still returns from
// behind the old position is dropped until the fetcher has set the client
// back and opens it again.
type inbox struct {
	bytes atomic.Int64 // in batches, and in the task's queues once the worker says so

	mu      sync.Mutex // guards the fields below
	batches []batch
	closed  bool
}

// push adds a batch; it reports whether the inbox was open.
func (in *inbox) push(b batch, bytes int64) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed {
		return false
	}
	in.batches = append(in.batches, b)
	in.bytes.Add(bytes)
	return true
}

// take returns all batches and leaves into in their place.
func (in *inbox) take(into []batch) []batch {
	in.mu.Lock()
	defer in.mu.Unlock()
	taken := in.batches
	in.batches = into[:0]
	return taken
}

func (in *inbox) close() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.closed = true
	clear(in.batches)
	in.batches = in.batches[:0]
}

func (in *inbox) open() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.closed = false
	clear(in.batches)
	in.batches = in.batches[:0]
}

// mailbox hands functions to a goroutine, which runs them when it gets to it.
type mailbox struct {
	wake chan struct{} // has a token when there may be something to do

	mu    sync.Mutex // guards calls
	calls []func()
}

func newMailbox() *mailbox { return &mailbox{wake: make(chan struct{}, 1)} }

func (m *mailbox) post(f func()) {
	m.mu.Lock()
	m.calls = append(m.calls, f)
	m.mu.Unlock()
	m.notify()
}

func (m *mailbox) notify() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// run calls everything posted so far.
func (m *mailbox) run() {
	m.mu.Lock()
	calls := m.calls
	m.calls = nil
	m.mu.Unlock()
	for _, f := range calls {
		f()
	}
}

// pending reports whether a call is waiting.
func (m *mailbox) pending() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.calls) > 0
}
