package store

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/tidwall/btree"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// Options are what a view needs to know beside its serdes.
type Options struct {
	// Name is the name of the store, for errors.
	Name string
	// Format is how values are stored. Defaults to state.Timestamped.
	Format state.Format
	// Now points at the event time of the current record in milliseconds,
	// which Put and Delete use. Defaults to a clock that stands at 0; see
	// KeyValue.Clock.
	Now *int64
	// TTL is how long an entry lives: it is gone once the stream time has
	// reached its event time plus TTL. In whole milliseconds, for
	// state.Timestamped only. Defaults to 0, for ever.
	TTL time.Duration
	// StreamTime points at the task's stream time in milliseconds, which TTL
	// needs. Defaults to one that stands at -1; see KeyValue.StreamTime.
	StreamTime *int64
	// History is how far back a versioned store remembers, in whole
	// milliseconds; see Versioned.
	History time.Duration
	// End is when the window of a window store ends that begins at startMs, and
	// Retention how long windows live, in whole milliseconds, 0 for ever; see
	// Window.
	End       func(startMs int64) (endMs int64)
	Retention time.Duration
}

// KeyValue is the transactional view of one store of one task. Its methods are
// those of state.KeyValue, for operators, and those that the task calls around
// records and commits. It belongs to one goroutine.
//
// Values are decoded once and kept if their type is Plain or their serde a
// serde.Cloner, else they are kept encoded and decoded at each access. In the
// first case they are encoded when they are frozen, however often they were
// put, and a clone is made of each one that goes in or out; in the second they
// are encoded by Put, since the caller may change them right after. Either way a
// serde must give back what it was given, or what Get returns depends on
// whether the entry was evicted.
type KeyValue[K, V any] struct {
	keys[K]
	codec[V]
	base  state.Store
	now   *int64
	timed bool // format is state.Timestamped

	ttlMs      int64 // 0 for ever
	streamTime *int64
	sweep      sweep

	entries *table[V]
	last    *entry[V]       // the one that was looked up last, or nil
	line    line[*entry[V]] // all clean entries are in it
	free    []*entry[V]
	evicted func(e *entry[V]) // hears of each entry that goes, if it is set

	journal []before[V]
	record  uint64      // number of the current record
	dirty   []*entry[V] // in the order in which they became dirty
	flights []flight[V] // frozen and not applied, oldest first
	spare   []*entry[V] // memory for the next dirty
	number  uint32      // of the last flight; they are counted
	nexts   []uint32    // memory for the next flight

	pinned  btree.Map[string, *entry[V]] // all that is not clean, if indexed
	indexed bool
	scans   []*scan[V] // open ones
	shuts   []*scan[V] // memory for the next ones
	scanErr error

	bytes    [kinds]int64
	overhead int

	ops state.Operations
	key []byte // scratch
}

// Operations returns how often each operation was called.
func (s *KeyValue[K, V]) Operations() state.Operations { return s.ops }

// NewKeyValue makes the view of base, with nothing in it yet.
func NewKeyValue[K, V any](base state.Store, ks serde.Serde[K], vs serde.Serde[V], o Options) *KeyValue[K, V] {
	s := &KeyValue[K, V]{
		keys: keys[K]{o.Name, ks}, codec: newCodec(o.Name, vs), base: base, now: o.Now,
		timed:    o.Format == state.Timestamped,
		overhead: overhead[V](),
		ttlMs:    o.TTL.Milliseconds(), streamTime: o.StreamTime, sweep: sweep{rows: sweepRows},
	}
	if s.now == nil {
		s.now = new(int64)
	}
	if s.streamTime == nil {
		s.streamTime = new(int64)
		*s.streamTime = -1
	}
	s.Discard()
	return s
}

// Clock points the view at the event time of the current record, for tasks that
// do not make their views themselves.
func (s *KeyValue[K, V]) Clock(now *int64) { s.now = now }

// StreamTime points the view at the task's stream time, as Clock does.
func (s *KeyValue[K, V]) StreamTime(ms *int64) { s.streamTime = ms }

// Get returns the value of key; ok is false if there is none.
func (s *KeyValue[K, V]) Get(key K) (v V, ok bool, err error) {
	v, _, ok, err = s.GetWithTime(key)
	return v, ok, err
}

// GetWithTime also returns the event time of the write in milliseconds: -1 in a
// store of state.Plain format, which holds none.
func (s *KeyValue[K, V]) GetWithTime(key K) (v V, timeMs int64, ok bool, err error) {
	s.ops.Get++
	if err := s.encodeKey(key); err != nil {
		return v, 0, false, err
	}
	e := s.find()
	if e == nil {
		if e, err = s.load(); err != nil {
			return v, 0, false, err
		}
	} else if !e.used {
		e.used = true
	}
	if !e.present || s.expired(e.time) {
		return v, 0, false, nil
	}
	if v, err = s.value(&e.content); err != nil {
		return v, 0, false, err
	}
	if !s.timed {
		return v, -1, true, nil
	}
	return v, e.time, true, nil
}

// Put stores v under key with the event time of the current record. If v is
// kept encoded, an error of its serde comes from here, else from Freeze. An
// event time that is older than the time to live allows is no error: the entry
// is gone at once.
func (s *KeyValue[K, V]) Put(key K, v V) error { return s.PutWithTime(key, v, *s.now) }

// PutWithTime stores v under key with the given event time, which is also that
// of its changelog record.
func (s *KeyValue[K, V]) PutWithTime(key K, v V, timeMs int64) error {
	s.ops.Put++
	if err := s.encodeKey(key); err != nil {
		return err
	}
	value, raw, err := s.take(v)
	if err != nil {
		return err
	}
	s.write(s.find(), content[V]{value: value, raw: raw, time: timeMs, present: true})
	return nil
}

// Delete removes key. It does not read the base: a key of which nothing is
// known is deleted there too.
func (s *KeyValue[K, V]) Delete(key K) error {
	s.ops.Delete++
	if err := s.encodeKey(key); err != nil {
		return err
	}
	e := s.find()
	if e != nil && !e.present {
		return nil
	}
	s.write(e, content[V]{time: *s.now})
	return nil
}

// write gives the key in s.key, whose entry is e or nil, another content.
func (s *KeyValue[K, V]) write(e *entry[V], c content[V]) {
	s.detachScans()
	made := e == nil
	if made {
		e = s.add()
	}
	s.note(e, made)
	e.content, e.used = c, true
	s.weigh(e)
	if s.ttlMs > 0 && c.present {
		s.sweep.note(c.time)
	}
}

// find returns the entry of the key in s.key, or nil. The last one is asked
// first: Put mostly follows Get.
func (s *KeyValue[K, V]) find() *entry[V] {
	if e := s.last; e != nil && e.key == string(s.key) {
		return e
	}
	e := s.entries.find(s.key)
	s.last = e
	return e
}

// load makes a clean entry of what the base has under the key in s.key.
func (s *KeyValue[K, V]) load() (*entry[V], error) {
	buf, ok, err := s.base.Get(s.buf[:0], s.key)
	if err != nil {
		return nil, fmt.Errorf("store %s: read: %w", s.name, err)
	}
	c, is := content[V]{}, absent
	if ok {
		s.buf, is = buf, there
		if c, err = s.stored(buf); err != nil {
			return nil, err
		}
	}
	e := s.add()
	e.content, e.base = c, is
	s.weigh(e)
	s.queue(e)
	return e, nil
}

// stored is the content that the base holds as b, which it shares no memory with.
func (s *KeyValue[K, V]) stored(b []byte) (c content[V], err error) {
	c.present = true
	if c.time, b, err = s.split(b); err != nil {
		return c, err
	}
	c.value, c.raw, err = s.takeRaw(b)
	return c, err
}

// split parts what the base holds into event time and encoded value.
func (s *KeyValue[K, V]) split(b []byte) (timeMs int64, value []byte, err error) {
	if !s.timed {
		return 0, b, nil
	}
	if len(b) < 8 {
		return 0, nil, fmt.Errorf("store %s: stored value of %d bytes has no room for its event time: "+
			"the state is damaged; delete it, its changelog brings it back", s.name, len(b))
	}
	return int64(binary.BigEndian.Uint64(b)), b[8:], nil
}

// appendStored appends what the base holds for a content that is present.
func (s *KeyValue[K, V]) appendStored(dst []byte, c *content[V]) ([]byte, error) {
	if s.timed {
		dst = binary.BigEndian.AppendUint64(dst, uint64(c.time))
	}
	return s.appendTaken(dst, &c.value, c.raw)
}

// value is what a caller gets to see of c: it may be changed freely.
func (s *KeyValue[K, V]) value(c *content[V]) (V, error) { return s.give(&c.value, c.raw) }

// encodeKey makes s.key the bytes of key. It is appendKey to nothing, of which no
// serde can take away: the check would cost every access.
func (s *KeyValue[K, V]) encodeKey(key K) error {
	b, err := s.ks.Append(s.key[:0], key)
	if err != nil {
		return fmt.Errorf("store %s: encode key: %w", s.name, err)
	}
	s.key = b
	return nil
}
