package topology

import "github.com/millrace-io/millrace/internal/graph"

// Merge is the stream of the records of both streams. Nothing is promised of
// their order beyond that of each stream. It takes the option Name.
//
// By example: internal/corpus/testdata/merge.txt.
func (s KStream[K, V]) Merge(other Streamer[K, V], opts ...Option) KStream[K, V] {
	second := other.stream().h
	n := stateless[K, V](s.h, "merge", opts, nil)
	if second.Builder != s.h.Builder {
		s.h.Builder.Errorf(n.Line, "merge: the streams belong to different builders")
		return s
	}
	n.In = append(n.In, second.Edge(0))
	n.New = func(_ graph.Task, outs []any) ([]any, error) {
		return receiver(&merge[K, V]{output[K, V](outs)})
	}
	h := s.h.At(n)
	h.Rekeyed = h.Rekeyed || second.Rekeyed
	if h.KeySerde == nil {
		h.KeySerde = second.KeySerde
	}
	if h.ValueSerde == nil {
		h.ValueSerde = second.ValueSerde
	}
	return StreamOf[K, V](h)
}

// merge is a node of its own and not the receiver behind it, which is started
// and closed by its own node.
type merge[K, V any] struct {
	out graph.Receiver[K, V]
}

func (r *merge[K, V]) Receive(key K, value V, m *graph.Meta) error {
	return r.out.Receive(key, value, m)
}
