package store

import "math"

// visitor is what visits records. value is valid until it uses the store.
type visitor func(timeMs int64, seq int32, value []byte) (more bool, err error)

// near is Records.Near.
func (s *recordRows) near(key []byte, fromMs, toMs int64, visit visitor) error {
	first, last := s.layout.Segment(fromMs), s.layout.Segment(toMs)
	until, hash := int32(len(s.dirty)), s.hash(key)
	for i := s.seek(first); i < len(s.segments) && s.segments[i].number <= last; {
		seg := s.segments[i]
		entry, ok, err := s.lookUp(seg, key, hash, fromMs)
		if err != nil {
			return err
		}
		if ok {
			if more, err := s.visit(seg, entry, fromMs, toMs, until, visit); !more || err != nil {
				return err
			}
		}
		if i++; s.segments[i-1] != seg { // visits have made others
			i = s.seek(seg.number) + 1
		}
	}
	return nil
}

// seen is a record that is about to be visited.
type seen struct {
	timeMs int64
	seq    int32
	at     slabPlace
	value  []byte
}

// ahead is how many records are looked at before the first of them is visited. They
// lie all over the memory of a segment: the processor fetches those of a short loop
// at once, and one after the other if a visit comes in between.
const ahead = 16

// visit is near in one entry, for what was there when as many were dirty as until
// says. Entries and records may move with each visit.
func (s *recordRows) visit(seg *recordSegment, entry uint32, fromMs, toMs int64, until int32, visit visitor) (more bool, err error) {
	var found [ahead]seen
	p := seg.seek(seg.entries.at(entry), fromMs, math.MinInt32)
	for n := ahead; n == ahead; {
		n, p = seg.look(entry, p, toMs, until, &found)
		version := s.version
		for i := range n {
			r := &found[i]
			if more, err := visit(r.timeMs, r.seq, r.value); !more || err != nil {
				return false, err
			}
			if s.version != version { // what was found may be elsewhere now
				n, p = ahead, seg.behind(entry, r.timeMs, r.seq)
				break
			}
		}
	}
	return true, nil
}

// look finds the next records of an entry that can be visited, from a place on,
// and the place behind them. If they are fewer than fit in, they are the last ones.
func (seg *recordSegment) look(entry uint32, p listPlace, toMs int64, until int32, found *[ahead]seen) (n int, next listPlace) {
	e := seg.entries.at(entry)
	for chunks := seg.chunks(e); n < ahead && p.chunk < chunks; {
		chunk := seg.chunk(e, p.chunk)
		if p.i == len(chunk) {
			p = listPlace{chunk: p.chunk + 1}
			continue
		}
		r := seg.rows.at(chunk[p.i])
		if r.timeMs > toMs {
			break
		}
		p.i++
		if r.state != gone && (r.state != fresh || r.at < until) {
			found[n] = seen{timeMs: r.timeMs, seq: r.seq, at: slabPlace{r.chunk, r.off}}
			n++
		}
	}
	for i := range n {
		found[i].value = seg.slab.at(found[i].at)
	}
	return n, p
}

// behind is the place of the first record of an entry that comes after another
// one, which may be gone.
func (seg *recordSegment) behind(entry uint32, timeMs int64, seq int32) listPlace {
	e := seg.entries.at(entry)
	p := seg.seek(e, timeMs, seq)
	if r, _ := seg.in(e, p); r != nil && r.timeMs == timeMs && r.seq == seq {
		p = seg.next(e, p)
	}
	return p
}
