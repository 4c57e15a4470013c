package topology_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// The word count: lines are split into words, and each word is counted under
// itself as key, behind a repartition topic that brings equal words together.
func Example() {
	b := topology.New()
	lines := topology.Stream[string, string](b, "lines")
	words := topology.FlatMapValues(lines, strings.Fields)
	counts := topology.Count(topology.GroupBy(words, func(_, word string) string { return word }), "counts")
	topology.To(counts.ToStream(), "totals", topology.Serdes(serde.String, serde.DecimalInt64))

	text, err := b.Describe()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(text)
	// Output:
	// subtopology 0
	//   source-1                 source           lines              string, string  serdes string, string
	//   flat-map-values-1        flat-map-values  source-1           string, string
	//   group-by-1               group-by         flat-map-values-1  string, string
	//   counts-repartition-sink  repartition      group-by-1         string, string  -> <app>-counts-repartition; serdes string, string
	//
	// subtopology 1
	//   counts-repartition-source  source     <app>-counts-repartition   string, string           serdes string, string
	//   counts                     count      counts-repartition-source  string, change of int64  stores counts
	//   to-stream-1                to-stream  counts                     string, int64
	//   sink-1                     sink       to-stream-1                string, int64  -> totals; serdes string, decimal int64
	//   counts                     store                                 string, int64  logged; serdes string, int64
}
