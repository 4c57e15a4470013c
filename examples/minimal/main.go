// Minimal is the word count of the README: all that a service needs.
//
//	go run ./examples/minimal localhost:9092
package main

import (
	"context"
	"log"
	"os"
	"os/signal"
	"strings"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

func main() {
	b := topology.New()
	lines := topology.Stream[string, string](b, "lines")
	words := topology.FlatMapValues(lines, strings.Fields)
	counts := topology.Count(topology.GroupBy(words, func(_, word string) string { return word }), "counts")
	topology.To(counts.ToStream(), "totals", topology.Serdes(serde.String, serde.DecimalInt64))

	app, err := millrace.New(b, millrace.Config{AppID: "wordcount", Brokers: os.Args[1:]})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := app.Run(ctx); err != nil { // nil after a clean stop
		log.Fatal(err)
	}
}
