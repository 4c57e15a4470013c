// Package status is what an application can tell about itself, as plain data:
// a Snapshot of one instance at one moment, and the Graph of its topology.
//
//	Snapshot ── Group      membership in the consumer group
//	         ├─ Checks     what readiness consists of
//	         ├─ Workers    who does the work, and which tasks each has
//	         └─ Tasks ──── Inputs    position, end and lag per topic
//	                   ├── Stores    sizes
//	                   └── Restores  progress of reading state back
//	Graph    ── Subtopologies ── Nodes, Edges, Stores
//
// All types marshal to JSON with snake_case names. Fields are only ever added.
// Values of a Snapshot are copies: they may be kept, changed and sent to
// another goroutine.
//
// The package imports nothing of Millrace and knows neither Kafka nor stores.
package status
