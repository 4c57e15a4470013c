package store

import "math"

// Last returns the last record of key from fromMs to toMs, both included: that
// with the highest time, and of those the one that came last. ok is false if
// there is none.
func (s *Records[K, V]) Last(key K, fromMs, toMs int64) (v V, timeMs int64, ok bool, err error) {
	s.ops.Range++
	if err := s.begin(key); err != nil {
		return v, 0, false, err
	}
	if fromMs = max(fromMs, s.needed); fromMs > toMs {
		return v, 0, false, nil
	}
	first, last, hash := s.layout.Segment(fromMs), s.layout.Segment(toMs), s.hash(s.raw)
	for i := len(s.segments) - 1; i >= 0 && s.segments[i].number >= first; i-- {
		seg := s.segments[i]
		if seg.number > last {
			continue
		}
		e, err := s.lookUp(seg, s.raw, hash, fromMs)
		if err != nil {
			return v, 0, false, err
		}
		if e == nil {
			continue
		}
		if r := e.rows.lastUntil(toMs); r != nil && r.timeMs >= fromMs {
			v, err = s.give(&r.value, r.raw)
			return v, r.timeMs, err == nil, err
		}
	}
	return v, 0, false, nil
}

// lastUntil is the last record that is not later than a time and can be seen,
// nil if there is none.
func (l *recordList[V]) lastUntil(timeMs int64) *record[V] {
	p := l.seek(timeMs, math.MaxInt32)
	if r := l.at(p); r != nil && r.timeMs == timeMs && r.state != gone {
		return r // its number is the highest there is
	}
	for {
		switch {
		case p.i > 0:
			p.i--
		case p.chunk > 0:
			p = listPlace{p.chunk - 1, len(l.many[p.chunk-1]) - 1}
		default:
			return nil
		}
		if r := l.at(p); r.state != gone {
			return r
		}
	}
}
