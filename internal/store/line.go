package store

// line is a queue of entries that wait for eviction.
type line[E any] struct {
	list []E // from head on
	head int
}

func (l *line[E]) empty() bool { return l.head == len(l.list) }

// push lines e up. A full list in which most places are free again is moved to its
// front, and grows only otherwise.
func (l *line[E]) push(e E) {
	if len(l.list) == cap(l.list) && l.head > len(l.list)/2 {
		n := copy(l.list, l.list[l.head:])
		clear(l.list[n:])
		l.list, l.head = l.list[:n], 0
	}
	l.list = append(l.list, e)
}

// first is the one that pop would take off.
func (l *line[E]) first() E { return l.list[l.head] }

// pop takes the first one off. There must be one.
func (l *line[E]) pop() E {
	e := l.list[l.head]
	l.list[l.head] = *new(E)
	l.head++
	return e
}
