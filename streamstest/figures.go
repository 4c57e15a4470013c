package streamstest

import (
	"fmt"
	"maps"

	"github.com/millrace-io/millrace/processor"
)

// counts are the figures of what does not run any more, and of commits.
type counts struct {
	drops            map[drop]uint64
	metrics          map[string]uint64
	restored         map[string]uint64 // records, by store
	commits, aborted uint64
}

// drop names a counter of dropped records.
type drop struct{ node, reason string }

// Dropped is how many records a node, or a global table on all instances
// together, has dropped for a reason since the beginning: "null_key",
// "null_value", "late", "skipped" and so on. Attempts that a crash has undone
// count too, as they do in the metrics.
func (d *Driver) Dropped(node, reason string) uint64 {
	n := d.counts.drops[drop{node, reason}]
	d.eachDrop(func(at drop, records uint64) {
		if at == (drop{node, reason}) {
			n += records
		}
	})
	return n
}

// Metrics are the counters that an App would have, over all instances since
// the beginning: by names and labels as Prometheus writes them, for example
// millrace_records_processed_total{subtopology="0"}. Those of fetching, clients
// and global tables are left out, and what is 0.
func (d *Driver) Metrics() map[string]uint64 {
	m := maps.Clone(d.counts.metrics)
	add := func(name string, n uint64) { m[name] += n }
	for _, r := range d.tasks() {
		r.figures(add)
	}
	for _, t := range d.topics {
		add(fmt.Sprintf("millrace_records_produced_total{topic=%q}", t.name), t.produced)
	}
	for name := range d.graph.Stores {
		if t := d.topics[d.ChangelogTopic(name)]; t != nil {
			add(fmt.Sprintf("millrace_changelog_records_total{store=%q}", name), uint64(len(t.log)))
			add(fmt.Sprintf(`millrace_restore_records_total{store=%q,role="active"}`, name), d.counts.restored[name])
		}
	}
	add(`millrace_commits_total{outcome="ok"}`, d.counts.commits)
	add(`millrace_commits_total{outcome="aborted"}`, d.counts.aborted)
	maps.DeleteFunc(m, func(_ string, n uint64) bool { return n == 0 })
	return m
}

// figures are the counters of a task.
func (r *running) figures(yield func(metric string, n uint64)) {
	p := r.Published()
	yield(fmt.Sprintf(`millrace_records_processed_total{subtopology="%d"}`, r.ID().Subtopology), p.Records.Load())
	yield(`millrace_punctuations_total{kind="stream_time"}`, p.Punctuations[processor.StreamTime].Load())
	yield(`millrace_punctuations_total{kind="wall_clock"}`, p.Punctuations[processor.WallClock].Load())
	for class := range p.Errors {
		for action := range p.Errors[class] {
			yield(errorMetric(processor.Class(class), processor.Action(action)), p.Errors[class][action].Load())
		}
	}
	for _, in := range p.Inputs {
		yield(fmt.Sprintf("millrace_dead_letter_records_total{topic=%q}", in.Topic), in.DeadLetters.Load())
		if w := in.Watermark; w != nil {
			yield(fmt.Sprintf("millrace_records_disordered_total{topic=%q}", in.Topic), w.Disordered.Load())
		}
	}
	r.drops(func(at drop, n uint64) {
		yield(fmt.Sprintf(`millrace_records_dropped_total{subtopology="%d",reason=%q}`, r.ID().Subtopology, at.reason), n)
	})
}

// errorMetric is the counter of failed attempts; the metric has fewer actions
// than there are.
func errorMetric(class processor.Class, action processor.Action) string {
	name := action.String()
	switch action {
	case processor.Skip, processor.NullValue, processor.Replace:
		name = "continue"
	case processor.DeadLetter:
		name = "dlq"
	}
	return fmt.Sprintf("millrace_errors_total{stage=%q,action=%q}", class, name)
}

// eachDrop yields the drop counters of all that runs.
func (d *Driver) eachDrop(yield func(at drop, records uint64)) {
	for _, inst := range d.instances {
		for _, r := range inst.tasks {
			r.drops(yield)
		}
		for _, g := range inst.globals {
			g.drops(yield)
		}
	}
}

func (r *running) drops(yield func(drop, uint64)) {
	for _, c := range r.Published().Drops() {
		yield(drop{c.Node, c.Reason}, c.Records.Load())
	}
}

func (g *global) drops(yield func(drop, uint64)) {
	yield(drop{g.spec.Name, "null_key"}, g.NullKey.Load())
	yield(drop{g.spec.Name, "negative_time"}, g.NegativeTime.Load())
	yield(drop{g.spec.Name, "skipped"}, g.Skipped.Load())
}

// keep adds up the counters of what is to be closed.
func (c *counts) keepDrop(at drop, records uint64)   { c.drops[at] += records }
func (c *counts) keepMetric(metric string, n uint64) { c.metrics[metric] += n }
