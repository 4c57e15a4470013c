package graph

import (
	"fmt"
	"time"
)

// Emission is when a table sends on what has changed. The zero value is every
// update.
type Emission struct {
	// Latest is once per key and commit, or once per key and Every.
	Latest bool
	// Snapshot is all rows once per Every.
	Snapshot bool
	// OnClose is once per row, when its window has closed.
	OnClose bool
	// ThenLate is when the window has ended, and again with each change of the
	// row after that.
	ThenLate bool
	// Idle is after how long without records windows close by the wall clock; 0
	// is never.
	Idle  time.Duration
	Every time.Duration // of the wall clock; 0 is each commit
}

// emission reports whether an option sets the Emission.
func (o Option) emission() bool {
	return o == OptEmitLatest || o == OptEmitSnapshot || o == OptEmitOnClose
}

// checkSnapshots reports nodes that need each change of a table which only
// emits snapshots: they would take every row for a new one, again and again.
func checkSnapshots(nodes []*Node) (errs []error) {
	behind := map[*Node]*Node{} // the table whose snapshots get to a node
	for _, n := range nodes {   // in the order of making: inputs first
		if n.Snapshots {
			behind[n] = n
			continue
		}
		for _, e := range n.In {
			table := behind[e.From]
			if table == nil || n.Op == "to-stream" {
				continue
			}
			if len(n.Stores) > 0 || n.CoPartition || n.Sink != nil {
				errs = append(errs, fmt.Errorf("%s: %s needs each change of table %s, which emits snapshots only (%s): read it as a stream, or emit otherwise",
					n.Line, n.Op, table.In[0].From.Name, table.Line))
			}
			behind[n] = table
		}
	}
	return errs
}
