// Package lsm keeps the state of an application in a folder, in one pebble
// database (a log-structured merge tree) that all its stores share:
//
//	millrace.Config{State: lsm.Dir("/var/lib/wordcount")}
//
//	Store.Apply -> gate (waits for the disk) -> pebble: write-ahead log + memtable
//	                                                       | flush, compaction
//	Store.Get, Store.Scan <- memtables, block cache <------+ sorted files
//
// The write-ahead log is not synced. A batch carries the changelog position up
// to which its store is then current, so whatever prefix of the log survives a
// crash is a consistent state, and what is missing is read from the changelog
// (after the end of a process usually less than a block of the log, 32 kB).
// A folder can be deleted at any time while no process uses it.
//
// The first error of writing ends all writing (guard.go): reads go on, and what
// lies on the disk stays the consistent prefix that it was.
package lsm
