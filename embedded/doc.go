// Package embedded is a Kafka broker inside the process, for examples, tests
// and small deployments that have one machine and want one binary.
//
//	b, err := embedded.Start(embedded.Config{Dir: "data/broker"})
//	if err != nil { ... }
//	defer b.Close()
//	app, err := millrace.New(topology, millrace.Config{AppID: "orders", Brokers: b.Addrs()})
//
// It speaks Kafka's protocol over TCP: any client can connect, transactions and
// consumer groups included. The broker proper is kfake of the franz-go project;
// this package adds what keeps its data whole.
//
// # What it is not
//
// One process, one node, no replication: if the machine's disk is gone, so is
// the data. No quotas, no tiered storage, no KIP-1071 streams groups. All
// requests run on one goroutine, good for about a million small records a
// second. Whoever outgrows it points Brokers at a Kafka cluster; topics have to
// be copied.
//
// A member of a group that waits in a rebalance for longer than its session
// time-out, because another one is frozen (a debugger, SIGSTOP), is forgotten
// and gets no answer, where Kafka would keep it: the group can then stand still
// for one or two rebalance time-outs.
//
// # Memory or folder
//
// Without Config.Dir everything is in memory and gone at Close. Logs are not
// bounded then, save by what topics say of themselves (retention.ms,
// retention.bytes, applied every minute, and Compact).
//
// With Config.Dir, topics, records, committed offsets and producer ids survive
// a restart, also one after SIGKILL: Start repairs what a crash left half done.
// A transaction whose commit was acknowledged is there completely; one that was
// open is aborted, and its producer sees what Kafka tells it after a
// transaction time-out; one that was just being ended is ended as asked.
// Acknowledged writes survive a crash of the process. To survive a crash of the
// machine too, set Config.Sync, which costs an fsync per batch.
//
// # When the disk is full
//
// A failed write ends service at once: all connections are closed before the
// request in question is answered, Done is closed and Err says why. Nothing was
// acknowledged that is not stored. Make room and start again.
package embedded
