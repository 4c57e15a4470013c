// Package task runs one subtopology over one partition as a pure state
// machine: records and time go in, records and store writes come out. It knows
// no Kafka, no clock and no goroutine; its one lock is around the list to which
// calls to other services come back.
//
//	     Add            Process                     Commit
//	fetch ---> queues ---------> heads -> nodes -> outbox, entries ---> frozen Commit
//	                     |                                                  |
//	                     +-- a failed record leaves no trace       Settled / Discard
//
// Its owner, one goroutine, calls in a loop:
//
//	t.Add(topic, inputs)
//	t.SetLag(topic, lag)
//	res, err := t.Process(nowMs, 100)      // stream-time punctuations included
//	n, err := t.Punctuate(nowMs, true)     // when nowMs has reached t.NextWall()
//	res, err := t.Drain(nowMs)             // until res.Wait is WaitNone
//	c, err := t.Commit(seq, nowMs)         // nil if nothing moved
//	...                                    // produce c.Out and c.Stores, end the transaction
//	t.Settled(c)                           // or, after an abort, t.Discard()
//	batches, err := t.Prune(n)             // now and then: write each Batch to its Base
//	t.Applied()                            // t.Apply does all three at once
//
// Several commits may be frozen, or committed and not yet applied, while the
// task goes on. They settle in order. Discard drops the frozen ones at once: the
// task is then where the last committed one left it, with nodes made anew, and wants its
// records again from Committed on.
package task
