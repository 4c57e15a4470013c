package topology

import (
	"unsafe"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
)

// latestBytes is the size of what a node holds back, roughly, beyond which it
// asks for an early commit. The rows themselves are in their store.
const latestBytes = 4 << 20

// latest holds back which rows have changed until the transaction is frozen,
// and then sends each on once: what the store holds by then, in the place of
// what was there when the transaction began.
type latest[K, R any] struct {
	emission[K, R]
	ks      serde.Serde[K]
	ctx     processor.Context
	changed []changedRow[K, R] // in the order of their first changes
	place   map[string]int     // in changed, by encoded key
	bytes   int
	sent    bool // changed has been sent on, which Undo may take back
	journal []moved
	key     []byte // scratch
}

type changedRow[K, R any] struct {
	key    K
	old    emitted[R]
	timeMs int64 // of the last change
	enc    string
}

// moved is what Undo takes back: a row that was added, or its time.
type moved struct {
	at     int // in changed, -1 for the last one, which was added
	timeMs int64
}

func newLatest[K, R any](e emission[K, R], ks serde.Serde[K]) *latest[K, R] {
	return &latest[K, R]{emission: e, ks: ks, ctx: e.task.Context(e.node), place: map[string]int{}}
}

func (r *latest[K, R]) Receive(key K, c graph.Change[R], m *graph.Meta) error {
	if c.Stale {
		return nil
	}
	enc, err := r.ks.Append(r.key[:0], key)
	if err != nil {
		return graph.At(r.node, err)
	}
	r.key = enc
	if i, ok := r.place[string(enc)]; ok {
		r.journal = append(r.journal, moved{i, r.changed[i].timeMs})
		r.changed[i].timeMs = m.Time
		return nil
	}
	row := changedRow[K, R]{key: key, old: emitted[R]{c.Old, c.HasOld}, timeMs: m.Time, enc: string(enc)}
	r.place[row.enc] = len(r.changed)
	r.changed = append(r.changed, row)
	r.journal = append(r.journal, moved{at: -1})
	if r.bytes += row.size(); r.bytes > latestBytes {
		r.ctx.Commit()
	}
	return nil
}

func (row *changedRow[K, R]) size() int { return 2*len(row.enc) + int(unsafe.Sizeof(*row)) }

// Mark begins a record. What was sent on before it stays so.
func (r *latest[K, R]) Mark() {
	r.journal = r.journal[:0]
	if r.sent {
		clear(r.changed)
		clear(r.place)
		r.changed, r.bytes, r.sent = r.changed[:0], 0, false
	}
}

func (r *latest[K, R]) Undo() {
	for i := len(r.journal) - 1; i >= 0; i-- {
		j := r.journal[i]
		if j.at >= 0 {
			r.changed[j.at].timeMs = j.timeMs
			continue
		}
		end := len(r.changed) - 1
		row := &r.changed[end]
		r.bytes -= row.size()
		delete(r.place, row.enc)
		*row = changedRow[K, R]{}
		r.changed = r.changed[:end]
	}
	r.journal, r.sent = r.journal[:0], false
}

func (r *latest[K, R]) Flush(int64) error {
	for i := range r.changed {
		row := &r.changed[i]
		if err := r.latest(row.key, row.old, row.timeMs); err != nil {
			return err
		}
	}
	r.sent = true
	return nil
}
