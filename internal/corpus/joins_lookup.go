package corpus

import (
	"time"

	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
)

// Joins of a stream with rows that are looked up.

// keptVersions keeps a broker from compacting a history of 1970: it counts by the
// wall clock.
var keptVersions = topology.LogConfig(map[string]string{"min.compaction.lag.ms": "9223372036854775807"})

func init() {
	for name, opts := range map[string][]topology.Option{
		"stream-table": nil, "stream-versioned-table": {topology.Versioned(historyOfTraces), keptVersions},
	} {
		register(name+"-inner", func(b *topology.Builder) {
			left, right := sides(b, opts...)
			topology.To(joins.InnerTable(left, right, both), "out", textOut)
		})
		register(name+"-left", func(b *topology.Builder) {
			left, right := sides(b, opts...)
			topology.To(joins.LeftTable(left, right, bothOrNone), "out", textOut)
		})
	}
	register("stream-versioned-table-grace", func(b *topology.Builder) {
		left, right := sides(b, topology.Versioned(historyOfTraces), keptVersions)
		topology.To(joins.LeftTable(left, right, bothOrNone, topology.Name("joined"), joins.Grace(10*time.Millisecond)), "out", textOut)
	})
	register("stream-global-inner", func(b *topology.Builder) {
		left, right := leftAndGlobal(b)
		topology.To(joins.InnerGlobal(left, right, firstOf, both), "out", textOut)
	})
	register("stream-global-left", func(b *topology.Builder) {
		left, right := leftAndGlobal(b)
		topology.To(joins.LeftGlobal(left, right, firstOf, bothOrNone), "out", textOut)
	})
	register("stream-static", func(b *topology.Builder) {
		rows := joins.StaticMap(map[string]string{"key1": "value1", "key2": "value2", "key3": "value3"})
		self := func(key, _ string) (string, bool) { return key, true }
		topology.To(joins.InnerGlobal(input(b), rows, self, both), "out", textOut)
	})
}

// historyOfTraces is that of the versioned tables in the golden traces.
const historyOfTraces = 100 * time.Millisecond

func sides(b *topology.Builder, opts ...topology.Option) (topology.KStream[string, string], topology.KTable[string, string]) {
	return topology.Stream[string, string](b, "left"), topology.Table[string, string](b, "right", "rows", opts...)
}

func leftAndGlobal(b *topology.Builder) (topology.KStream[string, string], topology.GlobalKTable[string, string]) {
	return topology.Stream[string, string](b, "left"), topology.GlobalTable[string, string](b, "right", "rows")
}

func both(_, l, r string) string { return l + "|" + r }

func bothOrNone(_, l string, r processor.Maybe[string]) string {
	if !r.OK {
		return l + "|-"
	}
	return l + "|" + r.Value
}

// firstOf is the first character of a value, which may have none.
func firstOf(_, v string) (string, bool) {
	if v == "" {
		return "", false
	}
	return v[:1], true
}
