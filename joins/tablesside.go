package joins

import "github.com/millrace-io/millrace/internal/graph"

// part is one of the tables of a join, whatever the type of its rows. A row of
// the join is made in an A.
type part[K, A any] interface {
	graph() graph.Handle
	lookup() lookup
	// side opens the part in a task. asOf says that rows of a versioned table are
	// looked up as they were at a time.
	side(t graph.Task, asOf bool) (side[K, A], error)
	// ignored is an input that does nothing.
	ignored() any
}

// lookup says how the rows of a part are found.
type lookup struct {
	stores []string
	known  bool // they can be found
	ahead  bool // they may be newer than what was sent on
}

// side is a part in a task: the row of one key at a time, as it was before a
// record and as it is since.
type side[K, A any] interface {
	// look takes the row, which does not change, from the table.
	look(key K, asOfMs int64) error
	// changed says that the row changes instead.
	changed() bool
	// needed says that there is no row of the join without one of the side.
	needed() bool
	has(w when) bool
	time() int64 // of the row or of its change, in milliseconds
	set(to *A, w when)
	// take has the row change as was noted at a place, or look says how it is.
	take(place int, key K) error
	// forget drops what was noted.
	forget()
	// input is the side's port, which tells to of its changes. With a holder it is
	// one too: so that the task finds it.
	input(to changes[K], h holder) any
}

// when is which of two rows is meant: that before a record or that since.
type when bool

const (
	before when = false
	since  when = true
)

// changes is where sides tell of their changes.
type changes[K any] interface {
	// hold is the place at which to note a change until the record has been
	// through all nodes, -1 if it is to be sent on at once.
	hold(key K) (place int, err error)
	// send sends on what the change of a side means.
	send(key K) error
	// stale counts a change that concerns no row.
	stale()
}

// holder is a node that holds changes back until a record is through.
type holder interface {
	graph.Completer
	graph.Journaled
}

// partOf is a part with rows of V.
type partOf[K, V, A any] struct {
	h        graph.Handle
	required bool
	put      func(*A, V)
}

func (p partOf[K, V, A]) graph() graph.Handle { return p.h }

func (p partOf[K, V, A]) lookup() lookup {
	v := graph.ViewOf[K, V](p.h)
	return lookup{v.Stores, v.Open != nil, v.Ahead}
}

func (p partOf[K, V, A]) side(t graph.Task, asOf bool) (side[K, A], error) {
	v := graph.ViewOf[K, V](p.h)
	rows, err := v.Open(t)
	s := &sideOf[K, V, A]{part: p, rows: rows}
	if asOf && v.Versioned {
		s.past, _ = rows.(graph.Past[K, V])
	}
	return s, err
}

func (p partOf[K, V, A]) ignored() any { return nothingToDo[K, graph.Change[V]]{} }

// sideOf is a side with rows of V.
type sideOf[K, V, A any] struct {
	part   partOf[K, V, A]
	rows   graph.Getter[K, V]
	past   graph.Past[K, V] // nil if rows are looked up as they are
	to     changes[K]
	row    graph.Change[V] // Old and New are the same if it does not change
	moves  bool            // it does
	timeMs int64
	held   []heldChange[V] // by place
}

// heldChange is what the changes of a row add up to that one record brings.
type heldChange[V any] struct {
	graph.Change[V]
	moves  bool
	timeMs int64
}

func (s *sideOf[K, V, A]) input(to changes[K], h holder) any {
	s.to = to
	if h == nil {
		return s
	}
	return struct {
		*sideOf[K, V, A]
		holder
	}{s, h}
}

// Receive drops changes that leave the row as it is (KIP-914).
func (s *sideOf[K, V, A]) Receive(key K, c graph.Change[V], m *graph.Meta) error {
	if c.Stale {
		s.to.stale()
		return nil
	}
	place, err := s.to.hold(key)
	switch {
	case err != nil:
		return err
	case place >= 0:
		s.note(place, c, m.Time)
		return nil
	}
	s.row, s.moves, s.timeMs = c, true, m.Time
	err = s.to.send(key)
	s.moves = false
	return err
}

// note adds a change to those of its row that were noted before.
func (s *sideOf[K, V, A]) note(place int, c graph.Change[V], timeMs int64) {
	for len(s.held) <= place {
		s.held = append(s.held, heldChange[V]{})
	}
	h := &s.held[place]
	if h.moves {
		c.Old, c.HasOld = h.Old, h.HasOld
	}
	*h = heldChange[V]{c, true, timeMs}
}

func (s *sideOf[K, V, A]) take(place int, key K) error {
	if place >= len(s.held) || !s.held[place].moves {
		return s.look(key, 0)
	}
	h := &s.held[place]
	s.row, s.moves, s.timeMs = h.Change, true, h.timeMs
	return nil
}

func (s *sideOf[K, V, A]) forget() {
	clear(s.held)
	s.held = s.held[:0]
}

func (s *sideOf[K, V, A]) look(key K, asOfMs int64) (err error) {
	c := &s.row
	if s.past != nil {
		c.New, s.timeMs, c.HasNew, err = s.past.GetAsOf(key, asOfMs)
	} else {
		c.New, s.timeMs, c.HasNew, err = s.rows.Get(key)
	}
	c.Old, c.HasOld, s.moves = c.New, c.HasNew, false
	return err
}

func (s *sideOf[K, V, A]) changed() bool { return s.moves }
func (s *sideOf[K, V, A]) needed() bool  { return s.part.required }
func (s *sideOf[K, V, A]) time() int64   { return s.timeMs }

func (s *sideOf[K, V, A]) has(w when) bool {
	if w == since {
		return s.row.HasNew
	}
	return s.row.HasOld
}

func (s *sideOf[K, V, A]) set(to *A, w when) {
	switch {
	case w == since && s.row.HasNew:
		s.part.put(to, s.row.New)
	case w == before && s.row.HasOld:
		s.part.put(to, s.row.Old)
	}
}
