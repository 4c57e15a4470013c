// Package streamstest runs a topology in memory, on topics and a clock of its
// own: no broker, no goroutine, no sleep, microseconds per record. What it runs
// is the engine itself; only the cluster around it is made up.
//
//	 In.Pipe          +-- instances ----------------+          Out.Read
//	---------> topics | tasks: operators and stores | topics ---------->
//	                  +-----------------------------+
//	    Advance: the clock   Commit, Crash, Restart   Store: what is committed
//
// A test pipes records in and reads what has come out:
//
//	d := streamstest.New(t, b, streamstest.Config{})
//	lines := streamstest.In[string, string](d, "lines")
//	totals := streamstest.Out[string, int64](d, "totals")
//
//	lines.PipeAt("", "to be or not to be", 7)
//
//	if got, want := totals.Text(), "to=1@7, be=1@7, or=1@7, not=1@7, to=2@7, be=2@7"; got != want {
//		t.Errorf("got %s, want %s", got, want)
//	}
//
// When Pipe returns, the record has been processed by all subtopologies in
// turn, and committed after each, as Kafka Streams' TopologyTestDriver does it.
// Config.ManualCommit leaves commits to the test: readers, the next
// subtopology among them, see what is committed.
//
// Several partitions and instances work as on a cluster: keys go to
// partitions as Kafka's default partitioner sends them, tasks are spread over
// instances, each instance commits its own. Crash and CrashAt take instances
// down between records or in the middle of a commit; tasks then go on elsewhere
// from committed offsets and changelogs. What was promised for the guarantee
// must hold whatever the step: Matrix runs one program under every combination
// of them. Calls to other services are made at once, where they are asked for;
// those that are to be tried again wait for Advance, as records do.
//
// The package makes no assumptions about Kafka beyond that: there is no fetch,
// no rebalance protocol and no time-out. Those are tested with a broker.
package streamstest
