package main

import (
	"strings"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// wordCount is the whole topology.
func wordCount(in, out string) *topology.Builder {
	b := topology.New()
	lines := topology.Stream[string, string](b, in)
	words := topology.FlatMapValues(lines, strings.Fields)
	counts := topology.Count(topology.GroupBy(words, func(_, word string) string { return word }), "counts")
	topology.To(counts.ToStream(), out, topology.Serdes(serde.String, serde.DecimalInt64))
	return b
}
