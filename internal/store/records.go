package store

import (
	"cmp"
	"hash/maphash"
	"math"
	"unsafe"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// Records is the transactional view of one store of one task that holds records
// as they came, any number of them with the same key and time: what a join of
// streams keeps of each side. It belongs to one goroutine.
//
//	for each record of the left stream:
//		left.Expire(oldest of left)          // by the stream time of the join
//		right.Expire(oldest of right)
//		right.Near(key, time-before, time+after, join)
//		left.Add(key, value, time)
//
// An outer join has an Unmatched as well: a record that Near shows nothing for is
// put there with the number that Add returns, a mark of what Near does show is
// deleted, and what Take gives when no partner can come any more is read with
// Get. It must not have expired until then.
//
// The graph.StoreSpec of such a store has the Format state.Records and the
// Retention, about before, after and grace, which decides how long segments are.
// Its changelog has cleanup.policy=delete, see docs/formats.md: no row is written
// twice, and a deletion outlives what it deletes. That of an Unmatched has the
// Format state.Plain and is compacted.
//
// Its rows lie by segments of time and then by key, in format state.Records, and
// so do the entries in memory: one for each key in a segment, with the records
// that are there in the order of time.
//
//	0:00 - 1:04          1:04 - 2:08                2:08 - 3:12
//	a 0:03 0:15          a 1:05 1:40 1:40           b 2:10
//	b 0:07               c 1:33
//
// A search is one look-up in each segment that it touches. Most are for times at
// which the store itself was written a moment ago: what a segment has that began
// under the view is all in memory, as long as nothing was evicted, and a key that
// is not among it is nowhere.
type Records[K, V any] struct {
	keys[K]
	codec[V]
	base   state.Store
	layout state.Segments

	known    bool
	segments []*recordSegment[V] // all that may have records, by number
	// From when on records are needed: now, and when the record began; as of the
	// last batch that is in the base; and of the segment that the changelog was
	// told last.
	needed, marked, settled int64
	logged                  uint64
	live                    uint64 // the first segment that is needed after what has committed, as Lingers was told
	swept                   uint64 // the base has no segment before that,
	sweptOnce               bool   // if this is true

	version uint64 // grows when an entry changes, for those who look through it
	journal []recordChange[V]
	graves  []record[V]    // fresh ones that were deleted since Mark
	dirty   []recordRef[V] // in the order in which they were written
	flights []recordFlight[V]
	spare   []recordRef[V] // memory for the next dirty
	number  uint32         // of the last flight

	seed       maphash.Seed
	free       []*recordEntry[V]
	maxFree    int
	spareSlots slots[recordEntry[V]] // empty, with memory
	spareLine  line[recordEntry[V]]
	found      []*record[V] // scratch, see encodeDirty

	total, clean, dirtied int64 // bytes: of all entries, of those without pins; of the dirty rows
	entrySize, rowSize    int64

	ops          state.Operations
	raw, escaped []byte // scratch: the encoded key at hand; of what DecodeKey unescapes
}

// recordRef names a record in a list of dirty ones.
type recordRef[V any] struct {
	e      *recordEntry[V]
	timeMs int64
	seq    int32
	kind   recordWrite
}

// recordWrite is what is to be written of a record.
type recordWrite uint8

const (
	toPut   recordWrite = iota
	toErase             // the record is gone
	toPass              // nothing: it was put and deleted again
)

// NewRecords makes the view of base, with nothing in it yet. It takes Name and
// Retention of o: how long records are needed, about, which decides how long the
// segments are. What has expired is what Expire says.
func NewRecords[K, V any](base state.Store, ks serde.Serde[K], vs serde.Serde[V], o Options) *Records[K, V] {
	return &Records[K, V]{
		keys: keys[K]{o.Name, ks}, codec: newCodec(o.Name, vs), base: base, layout: state.Records.Segments(o.Retention),
		maxFree: maxFree, seed: maphash.MakeSeed(),
		entrySize: int64(unsafe.Sizeof(recordEntry[V]{}) + unsafe.Sizeof(slot[recordEntry[V]]{})*7/4), // with its share of a table
		rowSize:   int64(unsafe.Sizeof(record[V]{})),
	}
}

// Operations returns how often each operation was called. Near counts as Range.
func (s *Records[K, V]) Operations() state.Operations { return s.ops }

// Expire says that no record from before ms is needed any more: none is there
// from now on, and their memory and place on disk go soon. It never takes back
// what was said before. The changelog hears of it once that is in the base: a
// restore leaves out only what no record could look for that may come again.
func (s *Records[K, V]) Expire(ms int64) error {
	if ms <= s.needed && s.known {
		return nil
	}
	err := s.learn()
	s.needed = max(s.needed, ms)
	return err
}

// Add stores v as one more record of key at a time. seq tells it from others of
// equal key and time; it is -1, and nothing is stored, if that time has expired.
func (s *Records[K, V]) Add(key K, v V, timeMs int64) (seq int32, err error) {
	s.ops.Put++
	if err := s.begin(key); err != nil || timeMs < s.needed {
		return -1, err
	}
	r := record[V]{timeMs: timeMs, at: int32(len(s.dirty))}
	if r.value, r.raw, err = s.take(v); err != nil {
		return -1, err
	}
	seg := s.segment(timeMs)
	hash := s.hash(s.raw)
	e, err := s.lookUp(seg, s.raw, hash, timeMs)
	if err != nil {
		return -1, err
	}
	if e == nil {
		e = s.newEntry(seg, s.raw, hash)
	}
	e.used = true
	var p listPlace
	p, r.seq = e.rows.room(timeMs)
	s.pin(e)
	s.insert(e, p, &r)
	s.dirtied += int64(r.size)
	s.dirty = append(s.dirty, recordRef[V]{e, timeMs, r.seq, toPut})
	s.journal = append(s.journal, recordChange[V]{added, e, timeMs, r.seq})
	return r.seq, nil
}

// Get returns a record; ok is false if there is none.
func (s *Records[K, V]) Get(key K, timeMs int64, seq int32) (v V, ok bool, err error) {
	s.ops.Get++
	_, r, err := s.find(key, timeMs, seq)
	if r == nil {
		return v, false, err
	}
	v, err = s.give(&r.value, r.raw)
	return v, err == nil, err
}

// Delete removes a record, if it is there.
func (s *Records[K, V]) Delete(key K, timeMs int64, seq int32) error {
	s.ops.Delete++
	e, r, err := s.find(key, timeMs, seq)
	if r == nil {
		return err
	}
	s.version++
	if r.state == stored {
		r.state = gone
		s.pin(e)
		s.dirtied += int64(r.size)
		s.dirty = append(s.dirty, recordRef[V]{e, timeMs, seq, toErase})
		s.journal = append(s.journal, recordChange[V]{erased, e, timeMs, seq})
		return nil
	}
	// Its entry stays pinned until the next freeze, since Undo may want it.
	s.dirty[r.at].kind = toPass
	s.dirtied -= int64(r.size)
	s.count(e, -int64(r.size))
	s.graves = append(s.graves, *r)
	s.journal = append(s.journal, recordChange[V]{buried, e, timeMs, seq})
	e.rows.remove(timeMs, seq)
	return nil
}

// find is a record that can be seen, nil if there is none.
func (s *Records[K, V]) find(key K, timeMs int64, seq int32) (*recordEntry[V], *record[V], error) {
	if err := s.begin(key); err != nil || timeMs < s.needed {
		return nil, nil, err
	}
	number := s.layout.Segment(timeMs)
	i := s.seek(number)
	if i == len(s.segments) || s.segments[i].number != number {
		return nil, nil, nil
	}
	e, err := s.lookUp(s.segments[i], s.raw, s.hash(s.raw), timeMs)
	if e == nil || err != nil {
		return nil, nil, err
	}
	r := e.rows.find(timeMs, seq)
	if r == nil || r.state == gone {
		return nil, nil, nil
	}
	return e, r, nil
}

// begin gets ready what is known, and the bytes of a key.
func (s *Records[K, V]) begin(key K) (err error) {
	if err := s.learn(); err != nil {
		return err
	}
	s.raw, err = s.appendKey(s.raw[:0], key)
	return err
}

// Near calls visit for each record of key from fromMs to toMs, both included, in
// the order of time and then of seq, until it returns false. visit may use
// stores, this one as well; what it adds here is not visited.
func (s *Records[K, V]) Near(key K, fromMs, toMs int64, visit func(timeMs int64, seq int32, v V) (more bool, err error)) error {
	s.ops.Range++
	if err := s.begin(key); err != nil {
		return err
	}
	if fromMs = max(fromMs, s.needed); fromMs > toMs {
		return nil
	}
	raw := s.raw
	s.raw = nil // visit may search as well
	err := s.near(raw, fromMs, toMs, visit)
	s.raw = raw
	return err
}

func (s *Records[K, V]) near(raw []byte, fromMs, toMs int64, visit func(int64, int32, V) (bool, error)) error {
	first, last := s.layout.Segment(fromMs), s.layout.Segment(toMs)
	until, hash := int32(len(s.dirty)), s.hash(raw)
	for i := s.seek(first); i < len(s.segments) && s.segments[i].number <= last; {
		seg := s.segments[i]
		e, err := s.lookUp(seg, raw, hash, fromMs)
		if err != nil {
			return err
		}
		if e != nil {
			if more, err := s.visit(e, fromMs, toMs, until, visit); !more || err != nil {
				return err
			}
		}
		if i++; s.segments[i-1] != seg { // visits have made others
			i = s.seek(seg.number) + 1
		}
	}
	return nil
}

// visit is Near in one entry, for what was there when as many were dirty as until
// says.
func (s *Records[K, V]) visit(e *recordEntry[V], fromMs, toMs int64, until int32, visit func(int64, int32, V) (bool, error)) (more bool, err error) {
	p := e.rows.seek(fromMs, math.MinInt32)
	for r := e.rows.at(p); r != nil && r.timeMs <= toMs; r = e.rows.at(p) {
		if r.state == gone || r.state == fresh && r.at >= until {
			p = e.rows.next(p)
			continue
		}
		v, err := s.give(&r.value, r.raw)
		if err != nil {
			return false, err
		}
		timeMs, seq, version := r.timeMs, r.seq, s.version
		if more, err := visit(timeMs, seq, v); !more || err != nil {
			return false, err
		}
		if s.version == version {
			p = e.rows.next(p)
			continue
		}
		p = e.rows.seek(timeMs, seq)
		if r := e.rows.at(p); r != nil && cmp.Or(cmp.Compare(r.timeMs, timeMs), cmp.Compare(r.seq, seq)) == 0 {
			p = e.rows.next(p)
		}
	}
	return true, nil
}
