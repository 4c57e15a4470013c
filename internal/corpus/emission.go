package corpus

import (
	"time"

	"github.com/millrace-io/millrace/topology"
)

// When tables send on what has changed.

func init() {
	for name, emission := range map[string]topology.Option{
		"emit-latest-commit": topology.EmitLatest(0),
		"emit-latest":        topology.EmitLatest(10 * time.Second),
		"emit-snapshot":      topology.EmitSnapshot(10 * time.Second),
	} {
		register(name, func(b *topology.Builder) {
			counts := topology.Count(topology.GroupByKey(input(b)), "counts", emission)
			topology.To(counts.ToStream(), "out", numberOut)
		})
	}
	register("emit-snapshot-table", func(b *topology.Builder) {
		rows := topology.Table[string, string](b, "in", "rows", topology.EmitSnapshot(10*time.Second))
		topology.To(rows.Filter(even).ToStream(), "out")
	})
}
