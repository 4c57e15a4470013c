package graph

// Change is what travels on the edges of tables: a row's new value and the one
// that it replaces, which is always filled in.
type Change[V any] struct {
	New, Old       V
	HasNew, HasOld bool
	// Stale says that New is older than the row: it went into the history of a
	// versioned table and left the row as it is (KIP-914).
	Stale bool
}
