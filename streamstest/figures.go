package streamstest

// drop names a counter of dropped records.
type drop struct{ node, reason string }

// Dropped is how many records a node has dropped for a reason since the
// beginning, as the metric millrace_records_dropped_total counts them:
// "null_key", "null_value", "late", "skipped" and so on. Attempts that a crash
// has undone count too.
func (d *Driver) Dropped(node, reason string) uint64 {
	n := d.drops[drop{node, reason}]
	for _, r := range d.tasks() {
		for _, c := range r.Published().Drops() {
			if c.Node == node && c.Reason == reason {
				n += c.Records.Load()
			}
		}
	}
	return n
}

// keepDrops adds up the counters of a task that is to be closed.
func (d *Driver) keepDrops(r *running) {
	for _, c := range r.Published().Drops() {
		d.drops[drop{c.Node, c.Reason}] += c.Records.Load()
	}
}
