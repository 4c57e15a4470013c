package store

import (
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
// that are there in the order of time. Values are encoded by Add and decoded each
// time that they are shown. A record takes about 40 bytes beside its value, and the
// memory of what has expired is used again.
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
	recordRows
	encoded []byte // scratch: the key at hand
}

// NewRecords makes the view of base, with nothing in it yet. It takes Name and
// Retention of o: how long records are needed, about, which decides how long the
// segments are. What has expired is what Expire says.
func NewRecords[K, V any](base state.Store, ks serde.Serde[K], vs serde.Serde[V], o Options) *Records[K, V] {
	return &Records[K, V]{keys: keys[K]{o.Name, ks}, codec: newCodec(o.Name, vs), recordRows: newRecordRows(base, o)}
}

// Add stores v as one more record of key at a time. seq tells it from others of
// equal key and time; it is -1, and nothing is stored, if that time has expired.
func (s *Records[K, V]) Add(key K, v V, timeMs int64) (seq int32, err error) {
	s.ops.Put++
	if err := s.begin(key); err != nil || timeMs < s.needed {
		return -1, err
	}
	if s.buf, err = s.appendValue(s.buf[:0], v); err != nil {
		return -1, err
	}
	return s.add(s.encoded, s.buf, timeMs)
}

// Get returns a record; ok is false if there is none.
func (s *Records[K, V]) Get(key K, timeMs int64, seq int32) (v V, ok bool, err error) {
	s.ops.Get++
	if err := s.begin(key); err != nil {
		return v, false, err
	}
	seg, r, _, err := s.find(s.encoded, timeMs, seq)
	if r == nil {
		return v, false, err
	}
	v, err = s.decode(seg.value(r))
	return v, err == nil, err
}

// Delete removes a record, if it is there.
func (s *Records[K, V]) Delete(key K, timeMs int64, seq int32) error {
	s.ops.Delete++
	if err := s.begin(key); err != nil {
		return err
	}
	return s.remove(s.encoded, timeMs, seq)
}

// begin gets ready what is known, and the bytes of a key.
func (s *Records[K, V]) begin(key K) (err error) {
	if err := s.learn(); err != nil {
		return err
	}
	s.encoded, err = s.appendKey(s.encoded[:0], key)
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
	encoded := s.encoded
	s.encoded = nil // visit may search as well
	err := s.near(encoded, fromMs, toMs, func(timeMs int64, seq int32, value []byte) (bool, error) {
		v, err := s.decode(value)
		if err != nil {
			return false, err
		}
		return visit(timeMs, seq, v)
	})
	s.encoded = encoded
	return err
}

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
	seg, r, err := s.last(s.encoded, fromMs, toMs)
	if r == nil {
		return v, 0, false, err
	}
	v, err = s.decode(seg.value(r))
	return v, r.timeMs, err == nil, err
}
