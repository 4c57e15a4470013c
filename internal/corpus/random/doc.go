// Package random draws topologies out of the operators of packages topology,
// joins and windowing, and input for them, and compares what the engine makes of
// it with a naive evaluation: one record after the other, on maps and slices, in
// the words of the reference.
//
//	          +-- build --> streamstest's driver: partitions, instances,
//	drawn     |             commits, crashes, memory or pebble   ---+
//	plan -----+                                                     +--> equal?
//	and input +-- model --> maps and slices, a record at a time  ---+
//
// A plan is data: a list of steps which the engine's side turns into typed
// calls, the model interprets, and a failure prints. Neither knows the other.
//
// What must be equal depends on what is promised. A record that is processed
// and committed down to the last subtopology before the next one comes leaves
// one possible order, and outputs must be equal record by record; commits
// after several records, crashes and several partitions leave others. flow
// says for each step what is left: the order of all records, that of each key,
// the records in any order, the last one of each key, which may be without its
// time, or nothing.
//
// Watermarks and the wall clock move stream time on between records: clocked says
// what that leaves.
//
// The test draws some hundred; for a long run:
//
//	go test ./internal/corpus/random -rapid.checks=100000 -timeout 0
//
// The package is for tests only.
package random
