package corpus

import (
	"strings"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
)

// Tables that are made of tables.

func init() {
	register("table-filter-not", func(b *topology.Builder) {
		topology.To(rows(b).FilterNot(even).ToStream(), "out")
	})
	register("table-map-stored", func(b *topology.Builder) {
		topology.To(topology.MapTable(rows(b), strings.ToUpper, topology.Stored("upper")).ToStream(), "out")
	})
	register("transform-table", func(b *topology.Builder) {
		topology.To(topology.TransformTable(rows(b), greeting).ToStream(), "out", textOut)
	})
	register("transform-table-stored", func(b *topology.Builder) {
		topology.To(topology.TransformTable(rows(b), greeting, topology.Stored("greetings")).ToStream(), "out")
	})
	register("to-table-rekeyed", func(b *topology.Builder) {
		byValue := topology.SelectKey(input(b), func(_, v string) string { return v })
		topology.To(topology.ToTable(byValue, "rows").ToStream(), "out")
	})
	register("versioned-table", func(b *topology.Builder) {
		late := topology.Table[string, string](b, "in", "rows", topology.Versioned(historyOfTests))
		topology.To(late.ToStream(), "out")
	})
}

// greeting is of a row, of its absence if the key is bob, and else of nothing.
func greeting(key string, row processor.Maybe[string]) processor.Maybe[string] {
	switch {
	case row.OK:
		return processor.Some(row.Value + ", " + key)
	case key == "bob":
		return processor.Some("bye, " + key)
	}
	return processor.Maybe[string]{}
}
