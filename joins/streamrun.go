package joins

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/processor"
)

// The sides of a join, in the order in which Kafka Streams sends on what has no
// match.
const (
	rightSide byte = iota
	leftSide
)

// meeting is what both sides of a join share in one task.
//
// A record without a match is sent on, and its row let go of, as soon as the
// stream time says that nothing can match it any more:
//
//	left record t     t+to                stream time
//	l-----------------|----- lateness ----|
//	                  a right record that matches and comes now is late
type meeting[K, V any] struct {
	node    *graph.Node
	ctx     processor.Context
	clock   graph.Clock
	idle    graph.Idle
	waiting *store.Unmatched[K] // nil if nothing waits for a match
	sides   [2]anySide[K]
	out     graph.Receiver[K, V]
	m       graph.Meta

	added int32 // the number that the record at hand has in its store
	last  int64 // see closeUntil
	due   func(timeMs int64, side byte, key K, seq int32) error
}

// anySide is a side of a join, for those who need not know its types.
type anySide[K any] interface {
	// span is how far the stream time must be past a record until it can have no
	// match that is not late.
	span() int64
	// unmatched sends on a record without a match.
	unmatched(key K, timeMs int64, seq int32) error
	// expire lets go of what is not needed at a stream time.
	expire(streamTime int64) error
}

// instance makes what runs in one task.
func (p *pairing[K, L, R, V]) instance(t graph.Task, n *graph.Node, outs []any) []any {
	s := &meeting[K, V]{node: n, ctx: t.Context(n), clock: graph.ClockOf(t, n), out: outs[resultPort].(graph.Receiver[K, V])}
	s.idle = graph.IdleOf(t, n, s.clock, p.options.Emission.Idle)
	s.due = s.take
	left, right, waiting := p.storeNames()
	if waiting != "" {
		s.waiting = t.Store(waiting).(*store.Unmatched[K])
	}
	lefts, rights := t.Store(left).(*store.Records[K, L]), t.Store(right).(*store.Records[K, R])
	l := &port[K, L, R, V]{
		meeting: s, side: leftSide, from: p.from, to: p.to, lateness: p.lateLeft, needed: p.leftNeeded(),
		own: lefts, other: rights, adds: true, pair: p.pair, alone: p.leftAlone, await: p.rightAlone != nil, once: p.once,
	}
	r := &port[K, R, L, V]{
		meeting: s, side: rightSide, from: -p.to, to: -p.from, lateness: p.lateRight, needed: p.rightNeeded(),
		own: rights, other: lefts, adds: !p.shared, alone: p.rightAlone, await: p.leftAlone != nil, theirs: p.once,
	}
	if p.pair != nil {
		r.pair = func(key K, r R, l L) V { return p.pair(key, l, r) }
	}
	l.meets, r.meets = p.nearest == nil, p.nearest == nil
	l.last = p.nearest
	l.kept, r.kept = l.needed, p.rightKept()
	if p.shared {
		l.kept = max(l.needed, r.needed)
	}
	s.sides = [2]anySide[K]{leftSide: l, rightSide: r}
	l.open(t, n, outs[lateLeftPort])
	r.open(t, n, outs[lateRightPort])
	return []any{l, r}
}

// Start implements graph.Starter.
func (s *meeting[K, V]) Start() error {
	if s.waiting != nil {
		s.clock.Watch(s.ctx, s.advance)
	}
	s.idle.Start(s.closeUntil)
	return nil
}

// Flush implements graph.Flusher: a watermark may have moved.
func (s *meeting[K, V]) Flush(int64) error { return s.advance(s.clock.Now()) }

// Finish implements graph.Finisher: nothing comes any more.
func (s *meeting[K, V]) Finish(int64) error { return s.closeUntil(endless) }

// arrived begins each record, and returns the stream time.
func (s *meeting[K, V]) arrived(m *graph.Meta) (now int64, err error) {
	now = s.clock.Observe(m)
	s.idle.Record()
	return now, s.advance(now)
}

// advance sends on what has no match at a stream time, and lets go of what is not
// needed.
func (s *meeting[K, V]) advance(streamTime int64) error {
	if s.waiting != nil {
		if err := s.takeUntil(streamTime); err != nil {
			return err
		}
	}
	for _, side := range s.sides {
		if err := side.expire(streamTime); err != nil {
			return graph.At(s.node, err)
		}
	}
	return nil
}

func (s *meeting[K, V]) takeUntil(streamTime int64) error {
	var until [2]int64
	for side := range s.sides {
		until[side] = streamTime - s.sides[side].span() - 1
	}
	return graph.At(s.node, s.waiting.Take(until, s.due))
}

// take sends on a record that has waited for a match in vain.
func (s *meeting[K, V]) take(timeMs int64, side byte, key K, seq int32) error {
	s.last = max(s.last, timeMs+s.sides[side].span()+1)
	return s.sides[side].unmatched(key, timeMs, seq)
}

// closeUntil sends on what has no match at a stream time that no record has
// brought. What would have matched is late from now on, and nothing else: the
// stream time moves no farther than it must.
func (s *meeting[K, V]) closeUntil(streamTime int64) error {
	if s.waiting == nil {
		return nil
	}
	s.last = s.clock.Now()
	if err := s.takeUntil(streamTime); err != nil {
		return err
	}
	s.clock.Raise(s.last)
	return s.advance(s.clock.Now())
}

// send sends on a result.
func (s *meeting[K, V]) send(key K, value V, m graph.Meta) error {
	s.m = m
	return s.out.Receive(key, value, &s.m)
}
