// Sidebyside measures this library against its peers on one broker, with the
// same input, guarantee and partitions for all, and prints a table.
//
//	go run ./benchmarks/sidebyside -workloads pass,count,restore,latency -rounds 3 -json results.json -svg results.svg
//
// Each system is a program of its own under benchmarks/, built from source and
// run alone, one after the other; the next round begins with the next system.
// What a run is worth is checked: the counts that are read back from its output
// must sum up to the records of the input.
//
//	records/s    records of the input, over the time from the first record that
//	             the program processes (it says when) to the last committed
//	             output (the broker's time of the commit marker, or of the last
//	             record without transactions)
//	CPU          user and system time of the program alone, from its start to
//	             its end, per million records
//	peak         most resident memory of the program (VmHWM, on Linux)
//	produced     bytes in the broker's log of all topics that the run wrote
//	start        from the start of the program to the first committed output
//	latency      from the time at which a record was due to be sent to when a
//	             reader of committed records has its count
//	             (Millrace commits every 2 ms there, with one worker; Kafka
//	             Streams is shown with its own interval, and with that one as
//	             kafka-streams@2ms)
//	restore      records of the changelogs over how much longer the program
//	             takes to its first outputs than with empty changelogs; start
//	             is the time to those outputs
//
// The broker is warmed up before: by runs of pass for a minute, by one if there are
// no more than a million records, and where latency is measured by small transactions
// for two minutes, or for as long as one of its runs.
//
// The peers run with the settings that they recommend. A name such as millrace@5ms
// has another commit interval, one such as kafka-streams@threads=1 another number of
// threads, one such as millrace@GOGC=50 a variable of the environment. Java, Maven
// and other modules are needed only for the systems that use them; what cannot run
// is said and left out.
package main
