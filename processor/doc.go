// Package processor is the low-level API of a topology: records, the
// Processor interface and its Context, errors and the policies for them.
//
// It knows nothing of topologies, of stores' insides or of Kafka.
package processor
