package streamstest

// drop names a counter of dropped records.
type drop struct{ node, reason string }

// Dropped is how many records a node, or a global table on all instances
// together, has dropped for a reason since the beginning, as the metric
// millrace_records_dropped_total counts them: "null_key", "null_value", "late",
// "skipped" and so on. Attempts that a crash has undone count too.
func (d *Driver) Dropped(node, reason string) uint64 {
	n := d.drops[drop{node, reason}]
	count := func(at drop, records uint64) {
		if at == (drop{node, reason}) {
			n += records
		}
	}
	for _, inst := range d.instances {
		for _, r := range inst.tasks {
			eachDrop(r, count)
		}
		for _, g := range inst.globals {
			eachGlobalDrop(g, count)
		}
	}
	return n
}

func eachDrop(r *running, yield func(drop, uint64)) {
	for _, c := range r.Published().Drops() {
		yield(drop{c.Node, c.Reason}, c.Records.Load())
	}
}

func eachGlobalDrop(g *global, yield func(drop, uint64)) {
	yield(drop{g.spec.Name, "null_key"}, g.NullKey.Load())
	yield(drop{g.spec.Name, "negative_time"}, g.NegativeTime.Load())
	yield(drop{g.spec.Name, "skipped"}, g.Skipped.Load())
}

// keep adds up the counters of what is to be closed.
func (d *Driver) keep(at drop, records uint64) { d.drops[at] += records }
