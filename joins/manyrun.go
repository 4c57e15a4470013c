package joins

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/windowing"
)

// many is a join of many streams in one task.
type many[K, R any] struct {
	node        *graph.Node
	ctx         processor.Context
	clock       graph.Clock
	span, grace int64 // milliseconds
	sides       []manySide[K, R]
	out         graph.Receiver[K, R]
	lates       graph.Receiver[K, windowing.Late[R]]

	// The record at hand, its side, and the result that is being made.
	key     K
	arrived int
	headers []processor.Header
	result  R
	m       graph.Meta
}

// manySide is a stream of a join, for those who need not know the type of its
// values.
type manySide[K, R any] interface {
	// search calls many.choose for each record of the side that goes with those
	// chosen before, which lie from first to last.
	search(first, last int64) error
	// set puts the record that was chosen into a result.
	set(result *R)
	expire(ms int64) error
}

// choose makes the results of the record at hand, records of the sides before i
// being chosen: they lie from first to last.
func (j *many[K, R]) choose(i int, first, last int64) error {
	switch {
	case i == j.arrived:
		return j.choose(i+1, first, last)
	case i < len(j.sides):
		return j.sides[i].search(first, last)
	}
	j.result = *new(R)
	for _, s := range j.sides {
		s.set(&j.result)
	}
	j.m = graph.Meta{Time: last, Headers: j.headers, HasKey: true, HasValue: true}
	return j.out.Receive(j.key, j.result, &j.m)
}

// sideOfMany is a side with values of V.
type sideOfMany[K, V, R any] struct {
	*many[K, R]
	index int
	put   func(*R, V)
	rows  *store.Records[K, V]

	value       V     // the one that was chosen
	first, last int64 // the times of what was chosen before
	visit       func(timeMs int64, seq int32, v V) (more bool, err error)

	dropped
	late *uint64
}

func (s *sideOfMany[K, V, R]) Receive(key K, value V, m *graph.Meta) error {
	now := s.clock.Observe(m)
	for _, side := range s.sides {
		if err := side.expire(now - s.span - s.grace); err != nil {
			return graph.At(s.node, err)
		}
	}
	switch {
	case !m.HasKey:
		*s.nullKey++
		return nil
	case !m.HasValue:
		*s.nullValue++
		return nil
	case m.Time < now-s.grace:
		*s.late++
		var alone R
		s.put(&alone, value)
		return s.lates.Receive(key, lateRecord(alone, m.Time, -s.span, s.span, now-s.grace, now, s.ctx), m)
	}
	s.key, s.value, s.arrived, s.headers = key, value, s.index, nil
	if s.index == 0 {
		s.headers = m.Headers
	}
	if err := s.choose(0, m.Time, m.Time); err != nil {
		return err
	}
	_, err := s.rows.Add(key, value, m.Time)
	return graph.At(s.node, err)
}

func (s *sideOfMany[K, V, R]) search(first, last int64) error {
	s.first, s.last = first, last
	return graph.At(s.node, s.rows.Near(s.key, plus(last, -s.span), plus(first, s.span), s.visit))
}

// meet chooses one record, and goes on with the next side.
func (s *sideOfMany[K, V, R]) meet(timeMs int64, _ int32, v V) (more bool, err error) {
	s.value = v
	return true, s.choose(s.index+1, min(s.first, timeMs), max(s.last, timeMs))
}

func (s *sideOfMany[K, V, R]) set(result *R) { s.put(result, s.value) }

func (s *sideOfMany[K, V, R]) expire(ms int64) error { return s.rows.Expire(ms) }
