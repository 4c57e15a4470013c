package store

// Evict drops clean entries until at most limit bytes of them are left, those of
// the oldest segments first. Within one they go in the order in which they came,
// but one that was used in between gets a second turn.
func (s *recordRows) Evict(limit int64) {
	for _, seg := range s.segments {
		if s.clean <= limit {
			break
		}
		for s.clean > limit && !seg.line.empty() {
			entry := seg.line.pop()
			e := seg.entries.at(entry)
			e.is &^= queued
			switch {
			case e.pins > 0:
			case e.is&used != 0:
				seg.queue(entry)
			default:
				s.evict(seg, entry, e)
			}
		}
		s.close(seg)
	}
}

func (s *recordRows) evict(seg *recordSegment, entry uint32, e *recordEntry) {
	if last := seg.last(e); last != nil {
		seg.below = max(seg.below, last.timeMs)
	}
	seg.spots.remove(spot{s.hash(seg.key(e)), entry + 1})
	n := seg.bytes(e)
	s.count(seg, e, -n)
	seg.gaps += n
	for i := range seg.chunks(e) {
		for _, row := range seg.chunk(e, i) {
			seg.rows.at(row).state = lost
		}
	}
	if e.is&several != 0 {
		seg.lists[e.rows[0]] = recordList{}
	}
	e.is = evicted
}

// leastGaps is how many bytes of gaps a segment may have, however small it is.
const leastGaps = 32 << 10

// close closes the gaps of a segment, if they are most of it: what is left moves
// together, and all that refers to it follows.
//
//	rows     0 1 x x 4 x     lists, refs   0 1 4
//	         0 1 2                         0 1 2
func (s *recordRows) close(seg *recordSegment) {
	if seg.gaps < s.least || 2*seg.gaps < seg.size() {
		return
	}
	old := *seg
	s.total -= old.size()
	seg.entries, seg.rows, seg.slab, seg.lists, seg.gaps = arena[recordEntry]{}, arena[record]{}, slab{}, nil, 0
	entries, rows := make([]uint32, old.entries.len()), make([]uint32, old.rows.len())
	for i := range rows {
		r := *old.rows.at(uint32(i))
		if r.state == lost {
			continue
		}
		v := seg.slab.add(old.value(&r), &s.spareBytes)
		r.chunk, r.off = v.chunk, v.off
		rows[i] = seg.rows.add(r, &s.spareRows)
		if r.state == buried {
			seg.gaps += seg.rowBytes(rows[i])
		}
	}
	for i := range entries {
		e := *old.entries.at(uint32(i))
		if e.is&evicted != 0 {
			continue
		}
		k := seg.slab.add(old.key(&e), &s.spareBytes)
		e.chunk, e.off = k.chunk, k.off
		switch {
		case e.is&single != 0:
			e.rows[0] = rows[e.rows[0]]
		case e.is&several != 0:
			l := old.lists[e.rows[0]]
			for _, chunk := range l.chunks {
				for j, row := range chunk {
					chunk[j] = rows[row]
				}
			}
			e.rows[0] = uint32(len(seg.lists))
			seg.lists = append(seg.lists, l)
		}
		entries[i] = seg.entries.add(e, &s.spareEntries)
	}
	s.total += seg.size()
	s.redirect(seg, &old, entries, rows)
}

// redirect has all that refers to a segment say where its entries and rows are now.
func (s *recordRows) redirect(seg, old *recordSegment, entries, rows []uint32) {
	seg.spots = spots{}
	for _, p := range old.spots.list {
		if p.at != 0 {
			seg.spots.add(spot{p.hash, entries[p.at-1] + 1})
		}
	}
	for i := range seg.rows.len() {
		r := seg.rows.at(i)
		r.entry = entries[r.entry]
	}
	waiting := seg.line.list[seg.line.head:]
	for i, entry := range waiting {
		waiting[i] = entries[entry]
	}
	if seg.refs == 0 {
		return
	}
	move := func(ref *recordRef) {
		if ref.segment == seg.place {
			ref.row = rows[ref.row]
		}
	}
	for i := range s.dirty {
		move(&s.dirty[i])
	}
	for i := range s.journal {
		move(&s.journal[i].ref)
	}
	for _, f := range s.flights {
		for i := range f.refs {
			move(&f.refs[i])
		}
	}
}

// drop forgets a segment of which nothing is needed any more. Its memory goes at
// once if it is in no list.
func (s *recordRows) drop(seg *recordSegment) {
	seg.dropped = true
	s.clean -= seg.clean
	s.free(seg)
}

// free gives away the memory of a segment that has been dropped, if nobody looks for
// its records any more, and its place if nobody refers to it. Encode does not look
// into segments before live; that one itself was dropped for a transaction which has
// not committed, so that a batch before it may have its records. No search looks into
// what was dropped, nor does Undo: it is Freeze that drops, and begins a record.
func (s *recordRows) free(seg *recordSegment) {
	if !seg.freed && (seg.refs == 0 || seg.number < s.live) {
		s.total -= seg.size()
		seg.spots.reset()
		s.spareSpots = seg.spots
		s.spareEntries.give(seg.entries.chunks, arenaChunk)
		s.spareRows.give(seg.rows.chunks, arenaChunk)
		s.spareBytes.give(seg.slab.chunks, slabChunk)
		*seg = recordSegment{number: seg.number, place: seg.place, refs: seg.refs, dropped: true, freed: true}
	}
	if seg.refs == 0 {
		s.table[seg.place] = nil
		s.vacant = append(s.vacant, seg.place)
	}
}
