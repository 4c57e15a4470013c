package topology

import (
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// SplitLate divides the stream by the wall clock: records whose event time is
// more than d before the moment at which they are processed are late, all
// others on time, among them those of the future. It is for what is of no use
// to a dashboard or an alert once it is old; a record that is read again may go
// the other way. Whether a record is late for a window goes by stream time
// instead, see windowing. It takes the option Name.
//
// By example: internal/corpus/testdata/split-late.txt.
func (s KStream[K, V]) SplitLate(d time.Duration, opts ...Option) (onTime, late KStream[K, V]) {
	n := stateless[K, V](s.h, "split-late", opts, nil)
	if d < 0 || d%time.Millisecond != 0 {
		s.h.Builder.Errorf(n.Line, "split-late: records are late after %s: give whole milliseconds, 0 or more", d)
	}
	n.Detail = "late after " + d.String()
	n.Out = append(n.Out, graph.NewPort[K, V]())
	for i, name := range [...]string{"on-time", "late"} {
		n.Out[i].Name, n.Out[i].Line = name, n.Line
	}
	n.New = func(t graph.Task, outs []any) ([]any, error) {
		return receiver(&splitLate[K, V]{
			now: t.Context(n), after: d.Milliseconds(),
			onTime: outs[0].(graph.Receiver[K, V]), late: outs[1].(graph.Receiver[K, V]),
		})
	}
	h := s.h.At(n)
	onTime, h.Port = StreamOf[K, V](h), 1
	return onTime, StreamOf[K, V](h)
}

type splitLate[K, V any] struct {
	now          processor.Context
	after        int64 // milliseconds
	onTime, late graph.Receiver[K, V]
}

func (r *splitLate[K, V]) Receive(key K, value V, m *graph.Meta) error {
	if m.Time < r.now.Now()-r.after {
		return r.late.Receive(key, value, m)
	}
	return r.onTime.Receive(key, value, m)
}
