package store

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// Versioned is the transactional view of one versioned store of one task. Its
// methods are those of state.Versioned, for operators, and those that the task
// calls around records and commits. It belongs to one goroutine.
//
// It is a KeyValue with a row per version, in format state.Versions. That has a
// key's newest version in front, so what was valid at a time is one look-up of
// the row, once its time is known: from heads for the newest version, else from
// a scan that ends with its first row.
type Versioned[K, V any] struct {
	keys[K]
	inRows[nullable[V]]
	historyMs int64

	// The time of each key's newest version, or none, by prefix: what is known
	// of it.
	heads     map[string]int64
	headBytes int64
	journal   []head // of the current record: what heads were before

	// The stream time, which the base has a row for: now, when the record
	// began, and as of the last freeze; -1 before the first version.
	known                      bool
	streamTime, marked, frozen int64

	unordered bool // the transaction has written behind a newest version
	old       old

	ops         state.Operations
	scanErr     error
	raw, prefix []byte // scratch: the key at hand, and what its rows begin with
	key         []byte // scratch: of a row
}

// none is the time of a newest version that does not exist.
const none = math.MinInt64

// head is what was known of a key's newest version.
type head struct {
	prefix string
	ms     int64
	known  bool
}

// NewVersioned makes the view of base, with nothing in it yet. It takes Name
// and History of o.
func NewVersioned[K, V any](base state.Store, ks serde.Serde[K], vs serde.Serde[V], o Options) *Versioned[K, V] {
	return &Versioned[K, V]{
		inRows: inRows[nullable[V]]{NewKeyValue(base, rowKeys{}, nullableOf(vs), Options{Name: o.Name, Format: state.Versions})},
		keys:   keys[K]{o.Name, ks}, historyMs: o.History.Milliseconds(),
		heads: map[string]int64{},
	}
}

// Operations returns how often each operation was called. History counts as
// Range.
func (s *Versioned[K, V]) Operations() state.Operations { return s.ops }

// Get implements state.Versioned.
func (s *Versioned[K, V]) Get(key K) (V, int64, bool, error) { return s.GetAsOf(key, math.MaxInt64) }

// GetAsOf implements state.Versioned.
func (s *Versioned[K, V]) GetAsOf(key K, asOfMs int64) (v V, timeMs int64, ok bool, err error) {
	s.ops.Get++
	if err := s.begin(key); err != nil {
		return v, 0, false, err
	}
	ms, err := s.head()
	if err == nil && asOfMs < ms {
		if asOfMs < s.horizon() {
			return v, 0, false, nil
		}
		ms, err = s.seek(asOfMs)
	}
	if err != nil || ms == none {
		return v, 0, false, err
	}
	n, err := s.version(ms)
	if err != nil || !n.ok {
		return v, 0, false, err
	}
	return n.value, ms, true, nil
}

// Put implements state.Versioned.
func (s *Versioned[K, V]) Put(key K, v V, timeMs int64) (stored bool, err error) {
	s.ops.Put++
	stored, _, err = s.write(key, nullable[V]{v, true}, timeMs)
	return stored, err
}

// Delete implements state.Versioned.
func (s *Versioned[K, V]) Delete(key K, timeMs int64) (stored bool, err error) {
	s.ops.Delete++
	stored, _, err = s.write(key, nullable[V]{}, timeMs)
	return stored, err
}

// Update says what a write of a version has done.
type Update[V any] struct {
	// Stored is false if the version is older than the history: there is no
	// change then, and nothing else is set.
	Stored bool
	// Newest says that the version is its key's newest now. If not, the key is
	// what it was.
	Newest bool
	// Old is the newest version as it was before, if there was a value.
	Old    V
	HasOld bool
}

// Update is Put, or Delete if has is false, for tables: it also says what
// becomes of the row.
func (s *Versioned[K, V]) Update(key K, v V, has bool, timeMs int64) (u Update[V], err error) {
	if has {
		s.ops.Put++
	} else {
		s.ops.Delete++
	}
	if u.Old, _, u.HasOld, err = s.Get(key); err != nil {
		return u, err
	}
	u.Stored, u.Newest, err = s.write(key, nullable[V]{v, has}, timeMs)
	if err != nil || !u.Stored {
		return Update[V]{}, err
	}
	return u, nil
}

// maxTime is the highest event time that a changelog record can carry: the
// Kafka client counts in nanoseconds.
const maxTime = math.MaxInt64 / 1_000_000

func (s *Versioned[K, V]) write(key K, v nullable[V], ms int64) (stored, newest bool, err error) {
	if ms < 0 || ms > maxTime {
		return false, false, fmt.Errorf("store %s: the time of a version is %d ms, which lies before 1970 or after 2262: no changelog record can carry that", s.name, ms)
	}
	if err := s.begin(key); err != nil {
		return false, false, err
	}
	if ms < s.horizon() {
		return false, false, nil
	}
	was, err := s.head()
	if err != nil {
		return false, false, err
	}
	if err := s.rows.PutWithTime(s.row(ms), v, ms); err != nil {
		return false, false, err
	}
	if newest = ms >= was; newest {
		s.setHead(ms)
	} else if err := s.writeAgain(was, ms); err != nil {
		return false, false, err
	}
	if was != none || !v.ok {
		s.rows.sweep.note(ms)
	}
	s.streamTime = max(s.streamTime, ms)
	return true, newest, nil
}

// writeAgain puts the versions of a key that are newer than ms, from newest down,
// into the transaction once more, since one behind them was written. Compaction
// leaves of a key what was logged last in a front of the changelog, which may end
// within a transaction. The front has nothing of the history, but maybe the version
// that is valid where that begins: none that is older may be logged behind it. (In
// Kafka Streams it may.)
//
//	log        b@2 | a@1 b@2 c@9        the history begins at 5: b is valid
//	compacted           b@2 c@9         of b@2 | a@1 c@9 it may be a@1 c@9
func (s *Versioned[K, V]) writeAgain(newest, ms int64) error {
	s.unordered = true
	for at := newest; at > ms; {
		v, err := s.version(at)
		if err == nil {
			err = s.rows.PutWithTime(s.row(at), v, at)
		}
		if err == nil {
			at, err = s.seek(at - 1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// begin gets the stream time and the prefix of a key's rows ready.
func (s *Versioned[K, V]) begin(key K) (err error) {
	if s.raw, err = s.appendKey(s.raw[:0], key); err != nil {
		return err
	}
	s.prefix = state.VersionRow{Key: s.raw}.AppendPrefix(s.prefix[:0])
	return s.learn()
}

// learn reads the stream time, if it is not known.
func (s *Versioned[K, V]) learn() error {
	if s.known {
		return nil
	}
	ms, ok, err := state.Versions.StreamTime(s.rows.base)
	if err != nil {
		return fmt.Errorf("store %s: %w", s.name, err)
	}
	if !ok {
		ms = -1
	}
	s.known, s.streamTime, s.marked, s.frozen = true, ms, ms, ms
	return nil
}

// horizon is where the history begins.
func (s *Versioned[K, V]) horizon() int64 { return s.streamTime - s.historyMs }

// row is the key of the row that holds the version of s.prefix of a time.
func (s *Versioned[K, V]) row(ms int64) []byte {
	s.key = state.VersionRow{TimeMs: ms}.AppendTime(append(s.key[:0], s.prefix...))
	return s.key
}

// version is the one of s.prefix of a time at which there is one.
func (s *Versioned[K, V]) version(ms int64) (nullable[V], error) {
	v, ok, err := s.rows.Get(s.row(ms))
	if err == nil && !ok {
		err = fmt.Errorf("store %s: a version that was there is gone: something else writes to the state", s.name)
	}
	return v, err
}

// head is the time of the newest version of s.prefix, or none.
func (s *Versioned[K, V]) head() (ms int64, err error) {
	if ms, ok := s.heads[string(s.prefix)]; ok {
		return ms, nil
	}
	if ms, err = s.seek(math.MaxInt64); err == nil {
		s.know(strings.Clone(string(s.prefix)), ms)
	}
	return ms, err
}

// seek is the time of the newest version of s.prefix up to asOfMs, or none.
func (s *Versioned[K, V]) seek(asOfMs int64) (ms int64, err error) {
	ms = none
	err = s.rows.merge(s.row(asOfMs), s.end(), func(r row[nullable[V]]) (_ bool, err error) {
		_, ms, err = s.cut(r.key)
		return false, err
	})
	return ms, err
}

// end is the key behind all rows of s.prefix.
func (s *Versioned[K, V]) end() []byte {
	end := slices.Clone(s.prefix)
	end[len(end)-1]++
	return end
}

func (s *Versioned[K, V]) cut(key []byte) (prefix []byte, ms int64, err error) {
	if prefix, ms, err = (state.VersionRow{}).Cut(key); err != nil {
		err = fmt.Errorf("store %s: %w", s.name, err)
	}
	return prefix, ms, err
}
