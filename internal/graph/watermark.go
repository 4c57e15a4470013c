package graph

import (
	"fmt"
	"time"
)

// Watermark is how a source says, with each record, how far event time has come
// in its partition: nothing earlier is expected. The zero value follows the
// highest time.
type Watermark struct {
	By WatermarkBy
	// Lag is how far it stays behind the highest time.
	Lag time.Duration
	// Idle is how long a partition may have nothing to read before the others
	// no longer wait for it, 0 for ever.
	Idle time.Duration
}

// WatermarkBy is what a watermark follows.
type WatermarkBy uint8

// What a watermark may follow.
const (
	ByTime      WatermarkBy = iota // the highest time
	ByAscending                    // the same, and records that are not later are counted
	ByFunction                     // a function of the user's: the Head is a Marker
)

// String says what the watermark is, for descriptions.
func (w *Watermark) String() string {
	s := "watermark "
	switch {
	case w.By == ByAscending:
		s += "ascending"
	case w.By == ByFunction:
		s += "by a function"
	case w.Lag > 0:
		s += w.Lag.String() + " behind"
	default:
		s += "at the highest time"
	}
	if w.Idle > 0 {
		s += ", idle after " + w.Idle.String()
	}
	return s
}

// Marker is implemented by the Head of a source whose Watermark is ByFunction.
type Marker interface {
	// Watermark is that of the loaded record in milliseconds; one that is not
	// above those before changes nothing.
	Watermark() int64
}

// Watermarked is implemented by a TaskStore whose entries live by what it has
// seen itself. In a task with a watermark they live by that instead: the
// operator may still want what the store would have dropped.
type Watermarked interface {
	Watermark(ms *int64)
}

// watermark returns a source of the subtopology with a watermark, nil if there
// is none.
func (sub *Subtopology) watermark() *Node {
	for _, n := range sub.Sources {
		if n.Source.Watermark != nil {
			return n
		}
	}
	return nil
}

// keepStores marks the stores whose rows live by a watermark.
func (g *Graph) keepStores() {
	for _, sub := range g.Subtopologies {
		if sub.watermark() == nil {
			continue
		}
		for _, s := range sub.Stores {
			s.Keep = true
		}
	}
}

// checkWatermarks reports operators with a stream time of their own behind a
// repartition topic that a watermark does not reach beyond: records of several
// tasks mix there, and nothing tells how far each of those has come.
func (g *Graph) checkWatermarks() (errs []error) {
	for _, sub := range g.Subtopologies {
		if sub.watermark() != nil {
			continue
		}
		for _, n := range sub.Nodes {
			if src, topic := g.lostWatermark(sub, n); n.StreamTime && src != nil {
				errs = append(errs, fmt.Errorf("%s: %s is behind the repartition topic %s, where the watermark of %s (%s) ends: "+
					"give GroupBy, GroupByKey or Repartition an option Watermark... as well", n.Line, n.Name, topic, src.Name, src.Line))
			}
		}
	}
	return errs
}

// lostWatermark finds a source with a watermark before a repartition topic that
// n reads from.
func (g *Graph) lostWatermark(sub *Subtopology, n *Node) (src *Node, topic string) {
	for _, s := range sub.sourcesBefore(n) {
		r := s.Source.Repartition
		if r == nil {
			continue
		}
		for _, before := range g.Subtopologies {
			for _, sink := range before.Sinks {
				if sink.Sink.Repartition != r {
					continue
				}
				for _, src := range before.sourcesBefore(sink) {
					if src.Source.Watermark != nil {
						return src, r.Name
					}
				}
			}
		}
	}
	return nil, ""
}
