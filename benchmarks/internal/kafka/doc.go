// Package kafka is the broker as the drivers of benchmarks see it: started if
// need be, with topics that they make, fill and delete.
package kafka
