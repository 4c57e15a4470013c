// Package program is what a program under measurement shares with the driver
// of the benchmark, benchmarks/sidebyside: the same flags for every system, and
// events as lines of JSON on standard output.
//
//	driver -- flags -->      program
//	driver <-- {"event":"processing","unix_ms":1767225600000}
//	driver -- SIGTERM -->    program, which commits and exits with 0
//
// Programs in other modules and languages (goka, Kafka Streams) speak it
// without this package. All else the driver sees from outside: offsets,
// output topics, processor time and memory.
package program
