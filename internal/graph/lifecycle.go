package graph

import "github.com/millrace-io/millrace/state"

// Starter is implemented by a node's first input, or by a Head, that has
// something to do once all nodes of its task exist and before the first
// record: the Init of a Processor. A task starts its nodes in topological
// order.
type Starter interface {
	Start() error
}

// Closer is implemented by a node's first input, or by a Head, that has
// something to release when its task leaves the instance, or when its work is
// thrown away and its nodes are made anew. It is called once, also if Start
// failed or was never reached.
type Closer interface {
	Close() error
}

// Flusher is implemented by a node's first input that has something to send on
// before a transaction is frozen: what it has held back since the last one. A
// task flushes its nodes in topological order. As in a punctuation no input
// record is at hand, and an error is of class processor.Punctuate.
type Flusher interface {
	Flush(nowMs int64) error
}

// Completer is implemented by a node's first input that holds back what a record
// changes until that has been through all nodes. Complete ends each record,
// punctuation and Flush, and what a call has brought; a task completes its nodes
// in topological order. An error is one of the record.
type Completer interface {
	Complete() error
}

// Finisher is implemented by a node's first input that has something to send on
// when a bounded run has no more input for its task: what would have been due
// at a later time of the wall clock. As in a punctuation no input record is at
// hand, and an error is of class processor.Punctuate. Records may still follow,
// and then another call.
type Finisher interface {
	Finish(nowMs int64) error
}

// Settler is implemented by a node's first input that wants to know how
// transactions end. Applied comes for each one after Frozen, in their order,
// once it has committed; if one does not, the nodes are made anew.
type Settler interface {
	Frozen(seq uint64)
	Applied(seq uint64)
}

// Unsettled is implemented by a node's first input that may wait for a
// transaction although no record, store or time has moved: after a punctuation
// of the wall clock. While it reports true its task asks for one.
type Unsettled interface {
	Unsettled() bool
}

// Journaled is implemented by a node's first input that keeps in memory what
// records leave behind, outside of stores. Mark begins a record or a
// punctuation; Undo takes back what has changed since.
type Journaled interface {
	Mark()
	Undo()
}

// Pruner is implemented by a TaskStore that can tell which writes of the oldest
// frozen transactions later ones of them supersede. Prune drops those from their
// batches, which are numbered by seqs; there is at least one.
type Pruner interface {
	Prune(seqs []uint64, batches []*state.Batch)
}

// Lingerer is implemented by a TaskStore whose rows may soon be of no use any
// more. Lingers returns the first frozen transaction that has written rows which
// are still needed after another one, the last that has committed: from there on
// they are better not applied yet, since what has expired by then never goes to
// the base store. ok is false if there is none.
//
// Such rows are held once, by the store, and not in batches as well. Release comes
// for each transaction that has committed, in their order, and copies what else its
// batch has to rest. Encode adds those that are still needed to the rests of the
// oldest transactions, whose numbers are seqs: an error is one of a serde, and says
// which store it was.
type Lingerer interface {
	Lingers(committed uint64) (seq uint64, ok bool)
	Release(seq uint64, b, rest *state.Batch)
	Encode(seqs []uint64, rests []*state.Batch) error
}

// Clocked is implemented by a TaskStore that stamps writes with the event time
// of the current record, in milliseconds. The task says where that time stands.
type Clocked interface {
	Clock(nowMs *int64)
}

// Expiring is implemented by a TaskStore whose entries live for a time only,
// by the stream time of the task. The task says where that stands; it is the
// record's own while a record is processed.
type Expiring interface {
	StreamTime(ms *int64)
}
