package topology

import (
	"time"

	"github.com/millrace-io/millrace/internal/graph"
)

// TTL bounds how long an entry of a store lives: it is gone once the task's
// stream time, the highest event time of the records that it has processed,
// has reached the entry's own event time plus d. For an aggregation that is
// the highest event time that went into the row; the next record of the key
// begins a new row, and there is no update that says that the old one is gone.
// Writing an entry again, with a later time, keeps it alive; one that is
// written with a time too old for d is gone at once.
//
// No read shows what is gone. It is deleted, from the changelog topic too, in
// small portions with later commits: while no records come, stream time stands
// still and nothing goes. d is in whole milliseconds, at least one. Defaults to
// entries that stay until they are deleted.
//
// By example: internal/corpus/testdata/ttl.txt.
func TTL(d time.Duration) Option {
	return func(o *graph.Options) { o.Give(graph.OptTTL); o.TTL = d }
}
