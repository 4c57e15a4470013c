package corpus

import (
	"fmt"
	"strings"

	"github.com/millrace-io/millrace/topology"
)

// Operators on streams that keep nothing.

func init() {
	register("select-key", func(b *topology.Builder) {
		topology.To(topology.SelectKey(input(b), func(_, v string) string { return v[:1] }), "out")
	})
	register("flat-map-values", func(b *topology.Builder) {
		topology.To(topology.FlatMapValues(input(b), strings.Fields), "out")
	})
	register("peek", func(b *topology.Builder) {
		in := input(b)
		topology.To(in.Peek(func(k, v string) { fmt.Fprintf(paper(b), "peek at %s=%s\n", k, v) }), "out")
		in.ForEach(func(k, v string) { fmt.Fprintf(paper(b), "for each %s=%s\n", k, v) })
	})
	register("print", func(b *topology.Builder) {
		input(b).Print(topology.Printing{To: paper(b), Rows: 2})
	})
	register("partitioner", func(b *topology.Builder) {
		byLength := topology.Partitioner(func(_ string, _, v string, partitions int) int { return len(v) % partitions })
		topology.To(input(b), "out", byLength)
	})
}
