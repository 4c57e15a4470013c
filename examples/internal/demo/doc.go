// Package demo is what the examples have in common and what is not their
// subject: flags, a broker in the process, topics, input that is written and
// output that is printed.
//
//	input --> topics --> the example's topology --> topics --> standard output
//
// A run writes the example's input, processes it, prints the output topics and
// ends. With -follow it goes on until it is interrupted, and prints as the
// output comes. With -state DIR everything is kept in a folder, the topics of
// the embedded broker too: kill a run with it and start it again.
package demo
