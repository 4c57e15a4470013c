package topology

import "github.com/millrace-io/millrace/internal/graph"

// KStream is a stream of records under construction: every record stands for
// itself. The zero value is of no use.
type KStream[K, V any] struct {
	h graph.Handle
}

// Streamer is a KStream, or what can be used as one because it embeds it.
type Streamer[K, V any] interface {
	stream() KStream[K, V]
}

func (s KStream[K, V]) stream() KStream[K, V] { return s }

// Graph is for the packages that add operators; its result is of no use
// outside the module.
func (s KStream[K, V]) Graph() graph.Handle { return s.h }

// StreamOf is the opposite of KStream.Graph. The port of h must have records
// of K and V.
func StreamOf[K, V any](h graph.Handle) KStream[K, V] { return KStream[K, V]{h} }
