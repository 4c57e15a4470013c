// Package changelog keeps the state of an application in Kafka: it makes the
// internal topics, turns a store's batches into changelog records, and restores
// stores from their changelogs.
//
//	task --Batch--> Writer --records--> changelog partition
//	                                        |
//	store <--Load-- Restorer <--fetches-----+
//
// A restore ends at an offset, not at a record: transaction markers, aborted
// records and what compaction removed leave logs that end without a record to
// read. What counts is the position, which only a raw fetch tells; so this
// package sends fetch requests itself and leaves the client's consumer alone.
//
//	r := changelog.NewRestorer(client, changelog.Options{})
//	defer r.Close()
//	res, err := r.Restore(ctx, changelog.Request{Store: s, Topic: "app-counts-changelog", ...})
//
// The package knows topics, partitions and stores, but no tasks and no
// assignment: who restores what, and when, is decided by its caller.
package changelog
