// Package topology describes what an application does with its records: where
// they come from, the operators that they pass, and where they go.
//
//	b := topology.New()
//	lines := topology.Stream[string, string](b, "lines")
//	words := topology.FlatMapValues(lines, strings.Fields)
//	counts := topology.Count(topology.GroupBy(words, func(_, word string) string { return word }), "counts")
//	topology.To(counts.ToStream(), "totals", topology.Serdes(serde.String, serde.DecimalInt64))
//
// Handles stand for streams and tables under construction:
//
//	Stream ──> KStream ── GroupBy, GroupByKey ──> KGroupedStream
//	             │  ^                                  │
//	         To  │  └── ToStream ── KTable <── Count, Reduce, Aggregate, Cogroup
//	             v                  ^    │             ^
//	           topic      Table, ToTable └─ GroupTable ┘
//
// Operators that need new types are functions, all others are methods. None of
// them fails: what is wrong with a topology comes out when it is built, all of
// it together, each with the file and line of the call.
//
// What operators do by example is in scripts that their comments name: records
// and what comes of them, checked with every engine. internal/corpus has them,
// package streamstest runs others like them.
//
// # Nulls
//
// A record's key or value can be null, which is not its zero value. Map,
// FlatMap, FlatMapValues, Filter, FilterNot and Split drop a record whose value is null;
// MapValues and Peek pass it on without calling the function; ForEach does
// nothing; SelectKey and GroupBy make its key null too. Aggregations drop
// records with a null key or value, Repartition those with a null key. All
// that is dropped is counted. WithNulls makes a stream whose functions see
// nulls; a null key is passed to functions as its zero value.
//
// # Errors
//
// Operators whose function may fail have a form whose name ends in Err. An
// error, or a panic, is one of class Process for the record in hand, which
// then leaves no trace: processor.Policies say whether the application stops
// or goes on. What returns processor.Null as its error makes its result null
// instead, where the operator has one.
//
// # Times and headers
//
// Stateless operators keep a record's event time and headers. The time of a
// table's row is the highest that went into it; rows have no headers.
package topology
