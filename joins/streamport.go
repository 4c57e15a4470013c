package joins

import (
	"math"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/windowing"
)

// port is one side of a join in one task: records of A come, and meet those of B.
type port[K, A, B, V any] struct {
	*meeting[K, V]
	side byte
	// A record of time t matches those from t+from to t+to.
	from, to int64
	// lateness is how far a record may be behind the stream time, needed how far
	// that must be past a record until it can have no match that is not late, kept
	// how long its row stays.
	lateness, needed, kept int64

	own   *store.Records[K, A]
	other *store.Records[K, B]
	adds  bool                    // or else the other port does, to the same store
	pair  func(key K, a A, b B) V // nil: a match has no result
	alone func(key K, a A) V      // nil: a record without a match has no result
	// last is the result of a record and the last one that matches it, which is
	// looked for when no other can come.
	last func(key K, a A, b processor.Maybe[B]) V
	// meets says that a record looks for its matches when it comes.
	meets bool
	// await says that the others wait for a match.
	await bool
	// once says that a record is done with when it has a match, and is the result;
	// theirs says so of the others.
	once, theirs bool

	dropped
	late  *uint64
	lates graph.Receiver[K, windowing.Late[A]]

	// The record at hand, for visit.
	key     K
	value   A
	at      graph.Meta
	matched bool
	visit   func(timeMs int64, seq int32, partner B) (more bool, err error)
}

func (p *port[K, A, B, V]) open(t graph.Task, n *graph.Node, lates any) {
	p.lates = lates.(graph.Receiver[K, windowing.Late[A]])
	p.dropped, p.late = newDropped(t, n), t.Counter(n, "late")
	p.visit = p.meet
}

// Receive implements graph.Receiver. As in Kafka Streams a null moves the stream
// time, and what that leaves without a match is sent on before the record is
// looked at.
func (p *port[K, A, B, V]) Receive(key K, value A, m *graph.Meta) error {
	now, err := p.arrived(m)
	switch {
	case err != nil:
		return err
	case !m.HasKey && m.HasValue && p.alone != nil:
		return p.send(key, p.alone(key, value), graph.Meta{Time: m.Time, Headers: p.headers(m), HasValue: true})
	case !m.HasKey:
		*p.nullKey++
		return nil
	case !m.HasValue:
		*p.nullValue++
		return nil
	case m.Time < now-p.lateness:
		return p.missed(key, value, m, now)
	}
	p.key, p.value, p.at, p.matched = key, value, *m, false
	if p.meets {
		if err := p.other.Near(key, plus(m.Time, p.from), plus(m.Time, p.to), p.visit); err != nil {
			return graph.At(p.node, err)
		}
	}
	if p.matched && p.once {
		return nil
	}
	return p.keep(now)
}

// meet joins the record at hand with one that matches.
func (p *port[K, A, B, V]) meet(timeMs int64, seq int32, partner B) (more bool, err error) {
	p.matched = true
	if p.await {
		if err := p.waiting.Delete(timeMs, leftSide-p.side, p.key, seq); err != nil {
			return false, err
		}
	}
	if p.theirs {
		if err := p.other.Delete(p.key, timeMs, seq); err != nil {
			return false, err
		}
	}
	if p.pair == nil {
		return !p.once, nil
	}
	m := graph.Meta{Time: max(p.at.Time, timeMs), Headers: p.headers(&p.at), HasKey: true, HasValue: true}
	switch {
	case p.once:
		m.Time = p.at.Time
	case p.theirs:
		m.Time = timeMs
	}
	return !p.once, p.send(p.key, p.pair(p.key, p.value, partner), m)
}

// keep stores the record at hand as long as something may match it, and has it
// wait for that if nothing has.
func (p *port[K, A, B, V]) keep(now int64) (err error) {
	t := p.at.Time
	if p.adds {
		if p.added, err = p.own.Add(p.key, p.value, t); err != nil {
			return graph.At(p.node, err)
		}
	}
	switch {
	case p.matched || p.alone == nil:
		return nil
	case t+p.needed < now:
		return p.decided(p.key, p.value, graph.Meta{Time: t, Headers: p.headers(&p.at), HasKey: true, HasValue: true})
	}
	return graph.At(p.node, p.waiting.Put(t, p.side, p.key, p.added))
}

// headers are those of the result of a record: what the left side has.
func (p *port[K, A, B, V]) headers(m *graph.Meta) []processor.Header {
	if p.side == leftSide {
		return m.Headers
	}
	return nil
}

// missed counts a record that is late, and sends it on as such.
func (p *port[K, A, B, V]) missed(key K, value A, m *graph.Meta, now int64) error {
	*p.late++
	return p.lates.Receive(key, lateRecord(value, m.Time, p.from, p.to, now-p.lateness, now, p.ctx), m)
}

// span implements anySide.
func (p *port[K, A, B, V]) span() int64 { return p.needed }

// expire implements anySide.
func (p *port[K, A, B, V]) expire(streamTime int64) error {
	if !p.adds {
		return nil
	}
	return p.own.Expire(streamTime - p.kept)
}

// unmatched implements anySide.
func (p *port[K, A, B, V]) unmatched(key K, timeMs int64, seq int32) error {
	value, ok, err := p.own.Get(key, timeMs, seq)
	if err != nil || !ok { // the broker has deleted it: the application was away for long
		return err
	}
	if p.once {
		if err := p.own.Delete(key, timeMs, seq); err != nil {
			return err
		}
	}
	return p.decided(key, value, graph.Meta{Time: timeMs, HasKey: true, HasValue: true})
}

// decided sends on the result of a record that nothing more can match.
func (p *port[K, A, B, V]) decided(key K, value A, m graph.Meta) error {
	if p.last == nil {
		return p.send(key, p.alone(key, value), m)
	}
	partner, timeMs, ok, err := p.other.Last(key, plus(m.Time, p.from), plus(m.Time, p.to))
	if err != nil {
		return graph.At(p.node, err)
	}
	if ok {
		m.Time = max(m.Time, timeMs)
	}
	return p.send(key, p.last(key, value, processor.Maybe[B]{Value: partner, OK: ok}), m)
}

// plus is t+d, or the end of time that lies before that.
func plus(t, d int64) int64 {
	switch {
	case d > 0 && t > math.MaxInt64-d:
		return math.MaxInt64
	case d < 0 && t < math.MinInt64-d:
		return math.MinInt64
	}
	return t + d
}
