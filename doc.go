// Package millrace runs stream-processing topologies on Kafka inside a Go
// service. A topology is described with package topology; New makes an App of
// it, and App.Run is one member of the application's consumer group until its
// context ends. Start as many instances as there is work for: Kafka's group
// rebalancing spreads the partitions over them, and nothing else coordinates.
//
// State lives in stores next to the code, each backed by a compacted changelog
// topic from which any instance can restore it. Under exactly once, the
// default, input offsets, output records and state changes commit in one
// Kafka transaction.
//
//	b := topology.New()
//	lines := topology.Stream[string, string](b, "lines")
//	words := topology.FlatMapValues(lines, strings.Fields)
//	counts := topology.Count(topology.GroupBy(words, func(_, word string) string { return word }), "counts")
//	topology.To(counts.ToStream(), "totals", topology.Serdes(serde.String, serde.DecimalInt64))
//
//	app, err := millrace.New(b, millrace.Config{AppID: "wordcount", Brokers: brokers})
//	if err != nil { ... }
//	err = app.Run(ctx)
//
// Run returns nil after its context has ended and all is committed; App.Live
// and App.Ready answer health checks meanwhile. Config.State puts the stores
// into a folder, so that a restart reads back only what it has missed;
// Config.Errors says what becomes of records that fail.
package millrace
