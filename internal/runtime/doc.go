// Package runtime runs the tasks of a topology against Kafka: group
// membership, fetching, workers, transactions, restore.
//
// One record's way through the package, each step in a file of its own:
//
//	fetch.go      polls for all tasks and hands batches to their inboxes
//	inbox.go      waits there, outside of any lock held across work
//	worker.go     a goroutine that owns tasks, feeds and runs them
//	txn.go        everything that the tasks of one worker did since the last one
//	sender.go     produces a transaction's records and waits for their acknowledgement
//	ender.go      sends its offsets, ends it, applies its batches to the stores
//
// and beside it
//
//	group.go      what the group's callbacks do: assigned, revoked, lost
//	starter.go    a new task: committed offsets, restore, hand-over to a worker
//	balancer.go   which member gets which task
//	fence.go      ends the open transactions of those who cannot any more
//
// The rules R1 to R10 that the code refers to are listed in
// docs/ARCHITECTURE.md. The shape that makes most of them hold is that a
// worker's transactions pass through two goroutines in order, the sender and
// the ender: the sender takes transaction B only after it has seen all records
// of A acknowledged, the ender sends B's offsets only after it has seen A
// end. So two transactions of a worker are open at once, and nothing can
// overtake.
package runtime
