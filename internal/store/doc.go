// Package store is the typed, transactional view that a task has of the bytes
// of a store: what operators read and write while transactions are open.
//
// The byte store below holds committed data only. All else is one map of
// entries, by encoded key:
//
//	 Put, Delete          Freeze(seq, batch)            Applied(seq)
//	------------> dirty ---------------------> frozen ----------------> clean --> evicted
//	                ^       bytes to changelog   |   batch is in base     |
//	                |       and, later, base     |                        |
//	                +----------------------------+------------------------+
//	                            written again
//
// Dirty and frozen entries are pinned: they differ from the base, or may do
// so. Clean ones repeat what the base holds and are there to save a look-up and
// a decoding; they also say that the base has nothing under a key.
//
// A task uses a view like this, from one goroutine at a time:
//
//	s := store.NewKeyValue(base, serde.String, serde.Int64, store.Options{Name: "counts", Now: &now})
//	s.Mark()                  // before each record
//	err := process(record)    // Get, Put, Delete, All
//	if err != nil { s.Undo() }
//	s.Freeze(seq, &batch)     // at the end of a transaction
//	base.Apply(&batch, pos)   // when it has committed
//	s.Applied(seq)
//
// A Versioned view is a KeyValue with a row per version. What has expired, by a
// time to live or by the history of versions, is hidden from reads at once and
// deleted bit by bit with each freeze (see sweep). A Window view is a KeyValue
// with a row per window; since its rows lie in the order of time, what has
// expired is deleted as one range. Rows of its newest windows that are evicted
// stay in memory as bytes (see shelf). A Session view is a KeyValue with a row per
// session, which lie by segments of time and then by key, and another one for
// their index in the order of time, if there is one.
//
// A Records view has what a join of streams keeps of each side, and entries of
// its own: each has the records of a key in a segment of time. Unmatched says
// which of them have found no partner yet.
//
// The package knows nothing of topologies, changelogs or Kafka.
package store
