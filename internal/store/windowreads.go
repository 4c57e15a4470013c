package store

import (
	"iter"
	"math"

	"github.com/millrace-io/millrace/state"
)

// Found is a window, or a session, that a search has shown.
type Found[K, V any] struct {
	At     state.Windowed[K]
	Value  V
	TimeMs int64 // the event time of the write
}

// loop yields what find found before it begins: its body may use the store. The
// error goes to scanErr.
func loop[K, V any](scanErr *error, find func() ([]Found[K, V], error)) iter.Seq2[state.Windowed[K], V] {
	return func(yield func(state.Windowed[K], V) bool) {
		all, err := find()
		for _, f := range all {
			if !yield(f.At, f.Value) {
				break
			}
		}
		*scanErr = err
	}
}

// windowReads are those reads of state.Window that may come by many windows, by
// what the layouts do for them.
type windowReads[K, V any] struct {
	// search returns the windows of a key that begin from fromMs to toMs.
	search func(key K, fromMs, toMs int64, backward bool) ([]Found[K, V], error)
	// list yields the windows of the keys from the first one on and before the
	// second one, or of all, that begin from fromMs to toMs.
	list func(bounds *[2]K, fromMs, toMs int64, backward bool, yield func(w state.Windowed[K], v V, timeMs int64) bool) error

	scanErr error
}

// Range implements state.Window.
func (r *windowReads[K, V]) Range(key K, fromMs, toMs int64) iter.Seq2[state.Windowed[K], V] {
	return loop(&r.scanErr, func() ([]Found[K, V], error) { return r.search(key, fromMs, toMs, false) })
}

// RangeBackward implements state.Window.
func (r *windowReads[K, V]) RangeBackward(key K, fromMs, toMs int64) iter.Seq2[state.Windowed[K], V] {
	return loop(&r.scanErr, func() ([]Found[K, V], error) { return r.search(key, fromMs, toMs, true) })
}

// Between implements state.Window.
func (r *windowReads[K, V]) Between(fromMs, toMs int64) iter.Seq2[state.Windowed[K], V] {
	return r.listing(nil, fromMs, toMs, false)
}

// BetweenBackward implements state.Window.
func (r *windowReads[K, V]) BetweenBackward(fromMs, toMs int64) iter.Seq2[state.Windowed[K], V] {
	return r.listing(nil, fromMs, toMs, true)
}

// KeyRange implements state.Window.
func (r *windowReads[K, V]) KeyRange(from, to K, fromMs, toMs int64) iter.Seq2[state.Windowed[K], V] {
	return r.listing(&[2]K{from, to}, fromMs, toMs, false)
}

// KeyRangeBackward implements state.Window.
func (r *windowReads[K, V]) KeyRangeBackward(from, to K, fromMs, toMs int64) iter.Seq2[state.Windowed[K], V] {
	return r.listing(&[2]K{from, to}, fromMs, toMs, true)
}

// All implements state.Window.
func (r *windowReads[K, V]) All() iter.Seq2[state.Windowed[K], V] {
	return r.listing(nil, math.MinInt64, math.MaxInt64, false)
}

func (r *windowReads[K, V]) listing(bounds *[2]K, fromMs, toMs int64, backward bool) iter.Seq2[state.Windowed[K], V] {
	return func(yield func(state.Windowed[K], V) bool) {
		r.scanErr = r.list(bounds, fromMs, toMs, backward, func(w state.Windowed[K], v V, _ int64) bool { return yield(w, v) })
	}
}

// AllWithTime implements WindowRows.
func (r *windowReads[K, V]) AllWithTime(yield func(w state.Windowed[K], v V, timeMs int64) bool) error {
	return r.list(nil, math.MinInt64, math.MaxInt64, false, yield)
}

// ScanErr implements state.Window.
func (r *windowReads[K, V]) ScanErr() error { return r.scanErr }
