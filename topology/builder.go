package topology

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
)

// Builder holds a topology while it is described. Use it from one goroutine,
// and for one application.
type Builder struct {
	g *graph.Builder
}

// New returns a Builder with nothing in it.
func New() *Builder { return &Builder{g: graph.NewBuilder()} }

// Register makes s the serde of all keys and values of exactly the type T that
// are given no other one. It counts for operators that are called after it.
func Register[T any](b *Builder, s serde.Serde[T]) { graph.Register(b.g, s) }

// Build compiles the topology, or returns all errors joined. It is what
// millrace.New calls; the result is of no use to others. It may be called
// again after more operators were added.
func (b *Builder) Build() (*graph.Graph, error) { return b.g.Compile() }
