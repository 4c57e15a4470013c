package joins

import (
	"fmt"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
)

// foreignRight is what a foreign-key join does where the right rows are: it
// knows which left rows have a foreign key, and tells them of its row.
//
//	port 0: subscriptions of left rows     port 1: changes of right rows
type foreignRight[KR, R any] struct {
	node  *graph.Node
	keys  serde.Serde[KR]
	write serde.Serde[R]
	rows  graph.Getter[KR, R]
	known *store.KeyValue[[]byte, subscription] // who has a foreign key
	out   *graph.Outbox
	topic string // of the answers

	nullKey, nullValue, stale *uint64
	m                         graph.Meta
	key, row                  []byte // scratch
}

// rightInstance is Node.New of the node where the right rows are.
func (j *foreignJoin[K, L, KR, R, KO, V]) rightInstance(n *graph.Node, view graph.View[KR, R], storeName string) func(graph.Task, []any) ([]any, error) {
	return func(t graph.Task, _ []any) (_ []any, err error) {
		r := &foreignRight[KR, R]{
			node: n, keys: j.foreign, write: j.right, out: t.Outbox(), topic: t.Topic(n.Sink),
			nullKey: t.Counter(n, "null_key"), nullValue: t.Counter(n, "null_value"), stale: t.Counter(n, "stale"),
		}
		if r.rows, err = view.Open(t); err != nil {
			return nil, err
		}
		r.known, err = graph.StoreOf[*store.KeyValue[[]byte, subscription]](t, storeName)
		return []any{r, foreignRows[KR, R]{r}}, err
	}
}

// Receive takes what a left row says of its foreign key. One without a key asks
// whether there is no right row, and is always told so.
func (r *foreignRight[KR, R]) Receive(key KR, s subscription, m *graph.Meta) error {
	switch {
	case !m.HasValue:
		*r.nullValue++
		return nil
	case !m.HasKey && s.do != answer:
		*r.nullKey++
		return nil
	}
	r.m = graph.Meta{Time: m.Time}
	var row R
	has := false
	if m.HasKey {
		if err := r.note(key, s, m); err != nil {
			return graph.At(r.node, err)
		}
		found, timeMs, ok, err := r.rows.Get(key)
		if err != nil {
			return graph.At(r.node, err)
		}
		if row, has = found, ok; has {
			r.m.Time = max(r.m.Time, timeMs)
		}
	}
	if s.do == forget || s.do == answerIfAny && !has {
		return nil
	}
	end, empty, err := r.share(row, has && s.do != forgetAndSay)
	if err != nil {
		return err
	}
	r.tell(&s, end, empty)
	return nil
}

// note keeps in mind, or forgets, that a left row has the foreign key.
func (r *foreignRight[KR, R]) note(key KR, s subscription, m *graph.Meta) (err error) {
	if r.key, err = appendForeignKey(r.key[:0], r.keys, key); err != nil {
		return err
	}
	r.key = append(r.key, s.key...)
	if s.do == forget || s.do == forgetAndSay {
		return r.known.Delete(r.key)
	}
	return r.known.PutWithTime(r.key, s, m.Time)
}

// foreignRows are the changes of right rows.
type foreignRows[KR, R any] struct{ *foreignRight[KR, R] }

// Receive tells all left rows that have the key of the new row. They may be very
// many: they are read one by one, and the row is there once for all answers.
// What only went into the history of a versioned table is news for none of them
// (KIP-914).
func (f foreignRows[KR, R]) Receive(key KR, c graph.Change[R], m *graph.Meta) (err error) {
	r := f.foreignRight
	if c.Stale {
		*r.stale++
		return nil
	}
	r.m = graph.Meta{Time: m.Time}
	if r.key, err = appendForeignKey(r.key[:0], r.keys, key); err != nil {
		return graph.At(r.node, err)
	}
	var end int32
	var empty, begun bool
	for _, s := range r.known.Range(r.key, after(r.key)) {
		if !begun {
			begun = true
			if end, empty, err = r.share(c.New, c.HasNew); err != nil {
				return err
			}
		}
		r.tell(&s, end, empty)
	}
	return graph.At(r.node, r.known.ScanErr())
}

// after is the first key that does not begin with prefix, which begins with a
// length.
func after(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; ; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
}

// share puts the row where answers can end with it: not at all, which is 0, if
// there is none or if it has no bytes.
func (r *foreignRight[KR, R]) share(row R, has bool) (end int32, empty bool, err error) {
	if !has {
		return 0, false, nil
	}
	if r.row, err = r.write.Append(r.row[:0], row); err != nil {
		return 0, false, refused(r.node, "value", r.topic, err)
	}
	if len(r.row) == 0 {
		return 0, true, nil
	}
	return r.out.Share(r.row), false, nil
}

// tell answers a left row, where that is.
func (r *foreignRight[KR, R]) tell(s *subscription, end int32, empty bool) {
	slab := r.out.Slab()
	at := len(slab)
	slab = append(slab, s.key...)
	value := len(slab)
	slab = appendAnswer(slab, s.row, empty)
	r.out.Add(slab, r.topic, s.partition, value-at, len(slab)-value, &r.m)
	if end > 0 {
		r.out.EndWith(end)
	}
}

// refused is the error for a record of an internal topic that cannot be written.
func refused(n *graph.Node, what, topic string, err error) error {
	return &processor.Error{Class: processor.Produce, Node: n.Name, Err: fmt.Errorf("encode %s for topic %s: %w", what, topic, err)}
}
