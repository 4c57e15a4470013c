package streamstest

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/state"
)

// Matrix runs a program under variants of cfg: a commit every 1, every 7 or
// after all records, on 1 or 3 instances, in memory and also on cfg.State if
// that is set, without crashes and, for each step of a commit, with one when it
// is reached for the first time, the second, fourth, eighth. All must end as a run of cfg itself does: with
// the same contents of all stores, which must be those of their changelogs, and
// with the same committed outputs for each key and topic, in order.
//
// run makes a Driver with the given Config, pipes the input into it, and
// returns it. It checks nothing else, since what it would find on the way
// depends on the variant. What comes out must follow from the input alone:
// records of different partitions whose order matters need growing times, and
// wall-clock punctuations begin anew after a crash.
//
// Under at least once no instance goes down between outputs and offsets.
func Matrix(tb TB, cfg Config, run func(cfg Config) *Driver) {
	tb.Helper()
	finish := func(name string, cfg Config) outcome {
		tb.Helper()
		d := run(cfg)
		defer d.Close()
		d.Commit()
		o, err := d.outcome()
		if err != nil {
			tb.Fatalf("streamstest: %s: %v", name, err)
		}
		return o
	}
	want := finish("as configured", cfg)
	for v := range variants(cfg) {
		if diff := want.diff(finish(v.name, v.cfg)); diff != "" {
			tb.Fatalf("streamstest: %s: %s", v.name, diff)
		}
	}
}

// variant is one cell of the matrix.
type variant struct {
	name string
	cfg  Config
}

// variants are all cells; state 0 is memory, state 1 cfg.State.
func variants(cfg Config) iter.Seq[variant] {
	return func(yield func(variant) bool) {
		backends := []func(int) state.Backend{nil}
		if cfg.State != nil {
			backends = append(backends, cfg.State)
		}
		for i, backend := range backends {
			for _, every := range []int{1, 7, math.MaxInt} {
				for _, instances := range []int{1, 3} {
					for step := range numSteps + 1 { // the last is no crash
						v := cfg
						v.State, v.Instances = backend, instances
						v.CommitEvery, v.ManualCommit = every, false
						if step < numSteps {
							v.crashes = doubling(step)
						}
						if step == AfterProduce && cfg.AtLeastOnce {
							continue
						}
						name := fmt.Sprintf("state %d, commit every %d, %d instances", i, every, instances)
						if step < numSteps {
							name += ", crashes " + step.String()
						}
						if !yield(variant{name, v}) {
							return
						}
					}
				}
			}
		}
	}
}

// doubling takes whatever instance down that is the first to come to a step,
// and the second, fourth, eighth: early ones, and not too many in a long run.
func doubling(step Step) func(Step, int) bool {
	n := 0
	return func(at Step, _ int) bool {
		if at != step {
			return false
		}
		n++
		return n&(n-1) == 0
	}
}

// outcome is all that a run leaves behind, by names that errors can show.
type outcome map[string]string

// outcome collects the contents of stores and user topics.
func (d *Driver) outcome() (outcome, error) {
	o := outcome{}
	for _, r := range d.tasks() {
		for _, spec := range r.sub.Stores {
			if !spec.Logged {
				continue // a crash may lose it
			}
			if spec.Format == state.Records {
				continue // which rows have gone depends on when there were commits
			}
			rows, err := contents(spec, r.stores[spec.Name])
			if err != nil {
				return nil, err
			}
			logged, err := d.replay(spec, r.ID().Partition)
			if err != nil {
				return nil, err
			}
			where := fmt.Sprintf("store %s, partition %d", spec.Name, r.ID().Partition)
			if spec.History > 0 || spec.Retention > 0 {
				rows = logged // rows that have become too old go without a trace in the changelog
			}
			if diff := rows.diff(logged); diff != "" {
				return nil, fmt.Errorf("%s: the changelog does not hold the same: %s", where, diff)
			}
			for key, value := range rows {
				o[where+", "+key] = value
			}
		}
	}
	for _, t := range d.topics {
		if graph.Internal(d.cfg.AppID, t.name) {
			continue
		}
		for i := range t.log {
			e := &t.log[i]
			name := fmt.Sprintf("topic %s, partition %d, key %q", t.name, e.partition, e.Key)
			if e.Key == nil {
				name = fmt.Sprintf("topic %s, null key", t.name)
			}
			value := "null"
			if e.Value != nil {
				value = fmt.Sprintf("%q", e.Value)
			}
			o[name] += fmt.Sprintf(" %s@%d", value, e.Time)
		}
	}
	return o, nil
}

// replay is what a changelog partition makes of an empty store.
func (d *Driver) replay(spec *graph.StoreSpec, number int32) (outcome, error) {
	db, err := state.Memory().Open(context.Background(), state.Options{})
	if err != nil {
		return nil, err
	}
	s, err := db.Store(state.ID{Name: spec.Name, Partition: number})
	if err != nil {
		return nil, err
	}
	if _, err := d.restore(spec, s, number); err != nil {
		return nil, err
	}
	return contents(spec, s)
}

// contents are the rows of a store, but for places: those that are left behind
// differ.
func contents(spec *graph.StoreSpec, s state.Store) (outcome, error) {
	o := outcome{}
	c := s.Scan(nil, nil, false)
	for c.Next() {
		var r state.BufferRow
		if spec.Format == state.Buffers && r.DecodeKey(c.Key()) == nil && r.Place {
			continue
		}
		o[fmt.Sprintf("key %q", c.Key())] = fmt.Sprintf("%q", bytes.Clone(c.Value()))
	}
	if err := c.Err(); err != nil {
		_ = c.Close() // the error that counts is known
		return nil, err
	}
	return o, c.Close()
}

// diff says where two outcomes part first, "" if they are the same.
func (o outcome) diff(other outcome) string {
	for _, where := range slices.Sorted(maps.Keys(o)) {
		if other[where] != o[where] {
			return fmt.Sprintf("%s:\n got %s\nwant %s", where, other[where], o[where])
		}
	}
	for _, where := range slices.Sorted(maps.Keys(other)) {
		if _, ok := o[where]; !ok {
			return fmt.Sprintf("%s:\n got %s\nwant nothing", where, other[where])
		}
	}
	return ""
}
