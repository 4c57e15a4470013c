package joins

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// Static is a table whose rows are given in code, or are in a file, and not in a
// topic. InnerGlobal and LeftGlobal join streams with it:
//
//	names := joins.StaticMap(map[string]string{"at": "Austria", "nl": "Netherlands"})
//	named := joins.LeftGlobal(orders, names, countryOf, withName)
//
// All tasks of an instance share one copy, so joiners must not change what rows
// point to. Rows may be replaced while the application runs; the records that
// are processed from then on see the new ones, and those that are processed
// again, after an abort, may see others than before.
//
// By example: internal/corpus/testdata/stream-static.txt.
type Static[K comparable, V any] struct {
	rows atomic.Pointer[map[K]V] // nil until a file was read
	file func() (map[K]V, error) // reads it, nil if rows were given
	path string
	errs []error // how it was made, for the build

	every time.Duration // how often the file is looked at, 0 for never

	mu      sync.Mutex // guards what follows, and is held while the file is read
	seen    os.FileInfo
	lookMs  int64 // the wall clock when it was looked at last
	started bool  // lookMs is set
}

// StaticMap is a Static with the rows of a map, which is copied.
func StaticMap[K comparable, V any](rows map[K]V) *Static[K, V] {
	s := &Static[K, V]{}
	s.Replace(rows)
	return s
}

// StaticSlice is a Static with the elements of a slice as rows, whose keys are
// what keyOf returns. Two elements with the same key are an error at build.
func StaticSlice[K comparable, V any](rows []V, keyOf func(row V) K) *Static[K, V] {
	s := &Static[K, V]{}
	if keyOf == nil {
		s.errs = append(s.errs, errors.New("StaticSlice: the function is nil"))
		return s
	}
	at := make(map[K]int, len(rows))
	byKey := make(map[K]V, len(rows))
	for i, row := range rows {
		key := keyOf(row)
		if other, twice := at[key]; twice {
			s.errs = append(s.errs, fmt.Errorf("StaticSlice: elements %d and %d have the same key", other, i))
		}
		at[key], byKey[key] = i, row
	}
	s.rows.Store(&byKey)
	return s
}

// StaticFile is a Static with the rows that parse makes of the content of a file.
// It is read when the first task of the instance starts: if it cannot be, that is
// an error of Run. Later the file is read again if Every says so, and by Reload.
func StaticFile[K comparable, V any](path string, parse func(content []byte) (map[K]V, error)) *Static[K, V] {
	s := &Static[K, V]{path: path}
	if parse == nil {
		s.errs = append(s.errs, errors.New("StaticFile: the function is nil"))
	}
	s.file = func() (map[K]V, error) {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		rows, err := parse(content)
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", path, err)
		}
		return rows, nil
	}
	return s
}

// Every has a file looked at all d of the wall clock, at least 1 ms, and read
// again if its time or its size has changed. While it cannot be read, or parsed,
// the rows stay what they were, and each attempt is logged, told to
// Observer.OnError and counted as a skipped error of class punctuate. It returns
// s. Defaults to never.
func (s *Static[K, V]) Every(d time.Duration) *Static[K, V] {
	s.every = d
	switch {
	case s.file == nil:
		s.errs = append(s.errs, errors.New("Every: the rows are in no file: replace them with Replace"))
	case d < time.Millisecond:
		s.errs = append(s.errs, fmt.Errorf("Every: the interval is %s: give 1ms or more", d))
	}
	return s
}

// Replace makes rows, which are copied, those of the table. Any goroutine may
// call it, at any time.
func (s *Static[K, V]) Replace(rows map[K]V) {
	rows = maps.Clone(rows)
	s.rows.Store(&rows)
}

// Reload reads the file again, now, whether or not it has changed. If it cannot
// be read the rows stay what they were. Any goroutine may call it, at any time.
func (s *Static[K, V]) Reload() error {
	if s.file == nil {
		return errors.New("the rows of a static table are in no file: replace them with Replace")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.read()
}

// read reads the file. What it was before is noted first: a change in between is
// seen by the next look. A file that is broken is read at each look.
func (s *Static[K, V]) read() error {
	s.seen = nil
	seen, err := os.Stat(s.path)
	if err != nil {
		return err
	}
	rows, err := s.file()
	if err != nil {
		return err
	}
	s.rows.Store(&rows)
	s.seen = seen
	return nil
}

// look reads the file again if it has changed since the last look, which is an
// interval ago: the tasks of an instance all call it, and one of them does it.
func (s *Static[K, V]) look(nowMs int64) error {
	if !s.mu.TryLock() {
		return nil
	}
	defer s.mu.Unlock()
	if since := nowMs - s.lookMs; s.started && since >= 0 && since < s.every.Milliseconds() {
		return nil
	}
	s.lookMs, s.started = nowMs, true
	now, err := os.Stat(s.path)
	if err != nil {
		s.seen = nil
		return err
	}
	if s.seen != nil && now.ModTime().Equal(s.seen.ModTime()) && now.Size() == s.seen.Size() {
		return nil
	}
	return s.read()
}

// Graph is for InnerGlobal and LeftGlobal; its result is of no use outside the
// module.
func (s *Static[K, V]) Graph() graph.GlobalHandle[K, V] {
	return graph.GlobalHandle[K, V]{Rows: graph.View[K, V]{Open: s.open}}
}

// open reads the file if no task has done so before.
func (s *Static[K, V]) open(graph.Task) (graph.Getter[K, V], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows.Load() == nil {
		if err := s.read(); err != nil {
			return nil, fmt.Errorf("static table: %w", err)
		}
	}
	return staticRows[K, V]{s}, nil
}

// check notes what is wrong with how s was made, and describes it.
func (s *Static[K, V]) check(b *graph.Builder, n *graph.Node) {
	for _, err := range s.errs {
		b.Errorf(n.Line, "%s: %w", n.Op, err)
	}
	n.Detail = "static table"
	if s.path != "" {
		n.Detail += " of a file"
	}
	if s.every > 0 {
		n.Detail += ", looked at every " + s.every.String()
	}
}

// staticRows are the rows of a Static, as a node looks them up.
type staticRows[K comparable, V any] struct{ s *Static[K, V] }

// Get returns a row. It has no time.
func (r staticRows[K, V]) Get(key K) (V, int64, bool, error) {
	row, ok := (*r.s.rows.Load())[key]
	return row, -1, ok, nil
}

// watch has node n look at the file from time to time.
func (r staticRows[K, V]) watch(t graph.Task, n *graph.Node) {
	if r.s.every <= 0 {
		return
	}
	t.Context(n).Schedule(processor.WallClock, r.s.every, func(nowMs int64) error {
		if err := r.s.look(nowMs); err != nil {
			t.Report(n, fmt.Errorf("static table, whose rows stay what they were: %w", err))
		}
		return nil
	})
}
