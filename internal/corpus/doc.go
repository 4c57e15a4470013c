// Package corpus holds the topologies and scripts that say how operators
// behave: testdata has a script per operator, which documents it and which
// several engines must agree with.
//
//	testdata/*.txt --> streamstest's driver          the expected outputs
//	               --> the driver in many modes      stores, commits, instances, crashes
//	               --> kfake, in virtual time        the runtime, without a network
//	               --> Apache Kafka                  MILLRACE_KAFKA=1
//
// The comments of the operators say which script shows them.
//
// The package is for tests only.
package corpus
