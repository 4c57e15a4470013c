package random

import (
	"fmt"
	"maps"
)

// order is what the input says about the records of a stream or the changes of
// a table, whatever the engine does first.
type order uint8

const (
	unknown order = iota // not even which records there are
	last                 // the last one of each key
	bag                  // which ones, in any order
	perKey               // the order of those of each key in a partition
	total                // the order of all in a partition
)

func (o order) String() string {
	return [...]string{"unknown", "last of each key", "any order", "ordered by key", "ordered"}[o]
}

// flow is what travels on the edges behind a step.
type flow struct {
	order
	partitions int
	// keyed: the records of a key are all in one partition.
	keyed bool
	// rekeyed: keys may have changed since the last topic, so that an
	// aggregation goes through a repartition topic, as the reference says.
	rekeyed bool
	// lanes are the ways on which records come from each source: the topic
	// that they were in last. Two lanes have no order.
	lanes map[int]string
	// several: an input record may make several of these, spread: also in
	// several partitions, whose tasks take turns in any order.
	several, spread bool
	// phantom: changes of a table may replace rows that never came, made of
	// none by TransformTable on demand.
	phantom bool
	// timeless: the times of the last ones are not determined.
	timeless bool
	// headless: headers are not determined.
	headless bool
	// fragile: which record it is that makes one of these is not determined, so
	// that none of them may fail.
	fragile bool
	// astray: records with null keys are in any partition.
	astray bool
}

func (f flow) String() string {
	s := f.order.String()
	if f.rekeyed {
		s += ", rekeyed"
	}
	return fmt.Sprintf("%s, %d partitions", s, f.partitions)
}

// rekey is the flow behind an operator that changes keys.
func (f flow) rekey() flow {
	switch f.order {
	case perKey:
		f.order = bag
	case last:
		f.order = unknown
	}
	f.keyed, f.rekeyed = f.partitions == 1, true
	return f
}

// flat is the flow behind an operator that makes some records of one.
func (f flow) flat() flow {
	f.several = true
	return f.sparse()
}

// sparse is the flow behind an operator that leaves records out.
func (f flow) sparse() flow {
	if f.order == last {
		f.order = unknown
	}
	return f
}

// stateful is the flow behind a Processor with a store, and what it keeps.
func (f flow) stateful() flow {
	if f.order < perKey {
		f.order = unknown
	}
	return f
}

// rows is the flow behind a table that keeps the last record of each key.
func (f flow) rows() flow {
	if f.order == bag {
		f.order = unknown
	}
	return f
}

// timed is the flow behind a store where the times of the records of all keys
// matter.
func (f flow) timed() flow {
	if f.order < total || f.astray {
		f.order = unknown
	}
	return f
}

// through is the flow behind a topic of n partitions.
func (f flow) through(eager bool, topic string, n int) flow {
	switch {
	case f.order == total && (f.partitions == 1 || eager && !f.spread):
	case f.order >= perKey && f.keyed:
		f.order = perKey
	case f.order >= perKey:
		f.order = bag
	case f.order == last && !f.keyed:
		f.order = unknown
	}
	lanes := map[int]string{}
	for source := range f.lanes {
		lanes[source] = topic
	}
	f.spread = n > 1 && (f.spread || f.several)
	f.partitions, f.keyed, f.rekeyed, f.lanes = n, true, false, lanes
	f.fragile, f.astray = false, false
	return f
}

// merge is the flow of the records of both.
func (f flow) merge(eager bool, g flow) flow {
	out := f
	out.order = min(f.order, g.order)
	out.keyed, out.rekeyed = f.keyed && g.keyed, f.rekeyed || g.rekeyed
	out.several, out.spread = f.several || g.several, f.spread || g.spread
	out.timeless, out.fragile, out.astray = f.timeless || g.timeless, f.fragile || g.fragile, f.astray || g.astray
	out.headless = f.headless || g.headless
	ordered := eager || len(f.lanes) == 1 && len(g.lanes) == 1
	out.lanes = maps.Clone(f.lanes)
	for source, lane := range g.lanes {
		other, both := out.lanes[source]
		switch {
		case both && other != lane, !both && !eager:
			ordered = false
		case both:
			out.several = true
		}
		out.lanes[source] = lane
	}
	switch {
	case out.order <= last:
		out.order = unknown
	case !ordered:
		out.order = bag
	}
	return out
}

// folded is the flow behind an aggregation; commutes says that it does not
// matter in what order values go in.
func (f flow) folded(commutes bool) flow {
	switch {
	case f.order >= perKey:
	case f.order == bag && commutes && !f.phantom: // nothing is taken out of a row that is not there yet
		f.order = last
	default:
		f.order = unknown
	}
	f.phantom = false
	return f
}

// withLane is lanes with one more.
func withLane(lanes map[int]string, source int, lane string) map[int]string {
	lanes = maps.Clone(lanes)
	lanes[source] = lane
	return lanes
}
