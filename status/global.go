package status

import "time"

// Global is an instance's copy of a global table. Offsets are sums over all
// partitions of its topic.
type Global struct {
	Name  string `json:"name"`
	Topic string `json:"topic"`
	// State is Starting before the first record is read, Restoring until the
	// table is filled, and Running from then on.
	State State `json:"state"`
	// Percent is how much of what the topic held at the start is read; 100 if
	// and only if the table is filled.
	Percent int `json:"percent"`
	// Position is the next offset to read, End where the topic ended when it
	// was last looked at.
	Position int64 `json:"position"`
	End      int64 `json:"end"`
	// Records were read since the start.
	Records int64 `json:"records"`
	// Dropped counts records that are no row since the start, by reason.
	// Reasons that never came up are left out.
	Dropped map[string]uint64 `json:"dropped,omitempty"`
	// Complete is a time at which the table held all that the topic did; zero
	// before it is filled.
	Complete time.Time `json:"complete,omitzero"`
}
