// Package graph is a compiled topology and the contract between its operators
// and the engine that runs them: nodes and their edges, subtopologies,
// co-partitioning, and the names of internal topics.
package graph
