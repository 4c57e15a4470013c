package corpus

import (
	"strconv"
	"strings"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// The topologies of the golden traces from Kafka Streams, by the names that
// the traces have. All keys and values are text.

func init() {
	for name, add := range map[string]func(b *topology.Builder){
		"filter-map":          filterMap,
		"branch-merge":        branchMerge,
		"rekey-count":         rekeyCount,
		"count":               count,
		"reduce":              reduce,
		"aggregate":           lengths,
		"cogroup":             cogroup,
		"table-passthrough":   tablePassthrough,
		"table-filter":        tableFilter,
		"table-filter-stored": tableFilterStored,
		"table-mapvalues":     tableMapValues,
		"to-table":            toTable,
	} {
		register(name, add)
	}
}

var (
	textOut   = topology.Serdes(serde.String, serde.String)
	numberOut = topology.Serdes(serde.String, serde.DecimalInt64)
)

func input(b *topology.Builder) topology.KStream[string, string] {
	return topology.Stream[string, string](b, "in")
}

func even(_, v string) bool { return len(v)%2 == 0 }

func filterMap(b *topology.Builder) {
	kept := input(b).Filter(even)
	topology.To(topology.MapValues(kept, strings.ToUpper), "out")
}

func branchMerge(b *topology.Builder) {
	chars := topology.FlatMapValues(input(b), func(v string) []string { return strings.Split(v, "") })
	split := chars.Split()
	low := topology.MapValues(split.Branch("low", func(_, v string) bool { return v < "m" }), func(v string) string { return "lo:" + v })
	high := topology.MapValues(split.Default("high"), func(v string) string { return "hi:" + v })
	topology.To(low.Merge(high), "out")
}

func rekeyCount(b *topology.Builder) {
	byValue := topology.SelectKey(input(b), func(_, v string) string { return v })
	topology.To(topology.Count(topology.GroupByKey(byValue), "counts").ToStream(), "out", numberOut)
}

func count(b *topology.Builder) {
	topology.To(topology.Count(topology.GroupByKey(input(b)), "counts").ToStream(), "out", numberOut)
}

func reduce(b *topology.Builder) {
	rows := topology.ReduceErr(topology.GroupByKey(input(b)), "rows", func(row, v string) (string, error) {
		if row += v; len(row) > 8 {
			return "", processor.Null
		}
		return row, nil
	})
	topology.To(rows.ToStream(), "out")
}

func lengths(b *topology.Builder) {
	sum := aggregate.Sum(func(v string) int64 { return int64(len(v)) })
	topology.To(topology.Aggregate(topology.GroupByKey(input(b)), "lengths", sum).ToStream(), "out", numberOut)
}

// appended has each value behind those before, changed.
func appended(change func(string) string) aggregate.Aggregation[string, string, string] {
	return aggregate.New(func() string { return "" }, func(acc, v string) (string, error) { return acc + change(v), nil })
}

func cogroup(b *topology.Builder) {
	left := topology.GroupByKey(topology.Stream[string, string](b, "left"))
	right := topology.GroupByKey(topology.Stream[string, string](b, "right"))
	rows := topology.Cogroup(
		topology.Into(left, appended(strings.Clone)).And(topology.Into(right, appended(strings.ToUpper))), "rows")
	topology.To(rows.ToStream(), "out")
}

func rows(b *topology.Builder) topology.KTable[string, string] {
	return topology.Table[string, string](b, "in", "rows")
}

func tablePassthrough(b *topology.Builder) { topology.To(rows(b).ToStream(), "out") }

func tableFilter(b *topology.Builder) { topology.To(rows(b).Filter(even).ToStream(), "out") }

func tableFilterStored(b *topology.Builder) {
	topology.To(rows(b).Filter(even, topology.Stored("kept")).ToStream(), "out")
}

func tableMapValues(b *topology.Builder) {
	topology.To(topology.MapTable(rows(b), strings.ToUpper).ToStream(), "out", textOut)
}

func toTable(b *topology.Builder) {
	topology.To(topology.ToTable(input(b), "rows").ToStream(), "out")
}

// number is a value of text that is a number, 0 if it is none.
func number(v string) int64 {
	n, _ := strconv.ParseInt(v, 10, 64)
	return n
}
