// Growth measures how the cost of this library grows with what it is given,
// one thing at a time, and prints a table for each.
//
//	go run ./benchmarks/growth -only keys,idle -rounds 3 -json growth.json
//
//	workers     rate and processor time of a count on disk, by worker
//	partitions  the same over 1 to 64 partitions
//	keys        processor time of a record of a count on disk, over 10^3 to 10^7 keys
//	operators   the same of a chain of maps
//	stores      the same of counts side by side, each with its store on disk
//	memory      peak resident memory over keys, with the default and a small budget
//	            and state on disk, and with state in memory
//	restore     a start without a state folder, over the size of the changelog
//	idle        processor time of an instance whose inputs are silent, over tasks
//
// Every point is measured in a process of its own, which this program is once
// more. Keys, operators and stores need no broker, which would take most of the
// processor: a task of the engine is fed from memory and its changes go into
// the store, but not to a changelog. The others run on an Apache Kafka that the
// program starts (see -brokers), with the library's defaults and exactly once.
package main
