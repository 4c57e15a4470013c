package store

import (
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// LoggedWindows is the serde of the keys in the changelog of a window store:
// those of topics, which keys writes, and 4 bytes, a number that only stores
// with duplicates use.
func LoggedWindows[K any](keys serde.Serde[state.Windowed[K]]) serde.Serde[state.Windowed[K]] {
	return loggedWindows[K]{keys}
}

type loggedWindows[K any] struct {
	serde.Serde[state.Windowed[K]]
}

func (s loggedWindows[K]) Append(dst []byte, w state.Windowed[K]) ([]byte, error) {
	b, err := s.Serde.Append(dst, w)
	return append(b, 0, 0, 0, 0), err
}

func (s loggedWindows[K]) Decode(b []byte) (state.Windowed[K], error) {
	return s.Serde.Decode(b[:max(0, len(b)-4)])
}

// EndIncluded says whether the end of a window is part of it.
func (s loggedWindows[K]) EndIncluded() bool {
	w, ok := s.Serde.(interface{ EndIncluded() bool })
	return ok && w.EndIncluded()
}
