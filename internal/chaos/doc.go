// Package chaos holds tests that end real processes of the word count example
// while words flow, and then count what came out.
//
// Three copies of examples/wordcount, each a process with a state folder of its
// own, read one topic of eight partitions. A feeder writes words all the time;
// every few seconds something happens to a copy (SIGKILL, SIGTERM, SIGSTOP for
// longer than the session time-out, a clean leave or join) or to the broker.
// When all is processed, the committed output of every word must be exactly 1,
// 2, ... n, and the changelog must end with n; under at least once no word may
// end below n. Each test prints a line of figures:
//
//	chaos sigkill: 300,000 words, 10 kills, lost 0, doubled 0, longest pause 1.2 s (one partition 11.0 s), total 62 s
//
// The pause is the longest time without a new committed record on the output
// while words were being fed; that of one partition is the same for the output
// partition that fared worst, which is what the users of a dead instance's keys
// see.
//
// The tests on the embedded broker need nothing but Go. Those on Apache Kafka
// run with MILLRACE_KAFKA=1 (see kafkatest). They are short unless told
// otherwise:
//
//	MILLRACE_CHAOS      "full": 300,000 words and ten strokes per test
//	MILLRACE_CHAOS_SEED repeats a run's choices of words, copies and times
//
//	MILLRACE_KAFKA=1 MILLRACE_CHAOS=full go test -v -timeout 60m ./internal/chaos
//
// The logs of all copies are artifacts of the test: -artifacts keeps them, and
// a failure prints their last lines.
package chaos
