package store

import (
	"bytes"
	"fmt"
	"iter"
	"math"

	"github.com/millrace-io/millrace/state"
)

// History implements state.Versioned.
func (s *Versioned[K, V]) History(key K, fromMs, toMs int64) iter.Seq[state.Version[V]] {
	return func(yield func(state.Version[V]) bool) {
		s.ops.Range++
		s.scanErr = s.history(key, fromMs, toMs, yield)
	}
}

// history yields the versions that GetAsOf finds for some time of the span:
// reads must not depend on what has been dropped already.
func (s *Versioned[K, V]) history(key K, fromMs, toMs int64, yield func(state.Version[V]) bool) error {
	if err := s.begin(key); err != nil || fromMs > toMs {
		return err
	}
	from := max(fromMs, s.horizon())
	until := int64(math.MaxInt64)           // of the version at hand
	lo := bytes.Clone(s.row(math.MaxInt64)) // the loop's body may use the store
	return s.rows.merge(lo, s.end(), func(r row[nullable[V]]) (more bool, err error) {
		_, ms, err := s.cut(r.key)
		if err != nil {
			return false, err
		}
		newest := until == math.MaxInt64
		if !newest && (until <= from || from > toMs) {
			return false, nil
		}
		ver := state.Version[V]{FromMs: ms, ToMs: until}
		until = ms
		if ms > toMs {
			return true, nil
		}
		n, _, err := s.rows.read(r)
		if err != nil || !n.ok {
			return true, err
		}
		ver.Value = n.value
		return yield(ver), nil
	})
}

// All implements state.Versioned.
func (s *Versioned[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		s.ops.All++
		s.scanErr = s.all(yield)
	}
}

func (s *Versioned[K, V]) all(yield func(K, V) bool) error {
	var last, scratch []byte
	return s.rows.merge(state.Versions.FirstVersion(), nil, func(r row[nullable[V]]) (more bool, err error) {
		prefix, _, err := s.cut(r.key)
		if err != nil || bytes.Equal(prefix, last) {
			return true, err
		}
		last = append(last[:0], prefix...)
		n, _, err := s.rows.read(r)
		if err != nil || !n.ok {
			return true, err
		}
		scratch = scratch[:0]
		var ver state.VersionRow
		if err := ver.DecodeKey(r.key, &scratch); err != nil {
			return false, fmt.Errorf("store %s: %w", s.name, err)
		}
		k, err := s.decodeKey(ver.Key)
		return err == nil && yield(k, n.value), err
	})
}

// ScanErr implements state.Versioned.
func (s *Versioned[K, V]) ScanErr() error { return s.scanErr }
