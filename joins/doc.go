// Package joins puts together what belongs together: two streams whose records
// have equal keys and are near each other in event time, a stream and a table,
// tables by their keys or by a foreign key.
//
//	seen := joins.Inner(impressions, clicks, "seen",
//		joins.Between(0, time.Hour).Lateness(2*time.Hour, 3*time.Hour),
//		func(ad string, i Impression, c Click) Seen { return Seen{ad, i.At, c.At} })
//	topology.To(seen, "seen")
//
// Rows that are looked up need no window: those of a table by the key of the record
// (InnerTable), those of a global table, a map or a file by any key (InnerGlobal).
//
// A joiner gets the key and what was found on each side, as a processor.Maybe
// where that may be nothing. Joiners cannot fail: join to a struct, and use
// topology.MapValuesErr behind.
//
// Equal keys have to meet in one task. Where keys may have changed, a side goes
// through a repartition topic by itself; else the topics of both sides must have
// equal numbers of partitions and be written with the same partitioner, which is
// checked before the application starts.
//
// What a join of streams keeps stays in its changelogs for a day longer than it is
// needed, by the clock of the broker: for input that is older give the join
// topology.LogConfig with "retention.ms": "-1", as package windowing says.
//
// The package knows nothing of Kafka, workers and transactions.
package joins
