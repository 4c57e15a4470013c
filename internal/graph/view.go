package graph

// View is how a node looks up the rows of a table without knowing the node
// that makes them: they are in a store, or are computed on demand from those
// of another table. A row's change arrives after the row has changed.
type View[K, V any] struct {
	// Stores are those that Open reads. A node that opens the View lists them
	// as its own, so that they are in its task.
	Stores []string
	// Versioned says that what Open returns is a Past.
	Versioned bool
	// Ahead says that rows may be newer than the changes that have been sent on.
	Ahead bool
	// Open returns the rows as the task sees them, with what the running
	// transaction has written. It is called when nodes are made.
	Open func(t Task) (Getter[K, V], error)
}

// Getter looks up rows of a table.
type Getter[K, V any] interface {
	// Get returns the row of key and its event time in milliseconds; ok is
	// false if there is none.
	Get(key K) (v V, timeMs int64, ok bool, err error)
}

// Past looks up rows of a versioned table.
type Past[K, V any] interface {
	Getter[K, V]
	// GetAsOf returns the row of key at a time in milliseconds, and since when
	// it was that.
	GetAsOf(key K, asOfMs int64) (v V, timeMs int64, ok bool, err error)
}

// Scanner is a Getter that can list its rows.
type Scanner[K, V any] interface {
	// All calls visit for each row, in the order of the encoded keys, until it
	// fails.
	All(visit func(key K, v V, timeMs int64) error) error
}

// Fading is a Getter whose rows go by themselves, the oldest first: windows.
type Fading[K, V any] interface {
	Getter[K, V]
	// GetStill is Get that also finds rows which have gone since the last freeze.
	GetStill(key K) (v V, timeMs int64, ok bool, err error)
	// Age is where a row stands among those that go, in milliseconds; rows before
	// Oldest have gone.
	Age(key K) int64
	Oldest() (ms int64, err error)
}

// ViewOf is the View of a table's handle. One that cannot be opened stands for
// a table whose rows cannot be looked up.
func ViewOf[K, V any](h Handle) View[K, V] {
	v, _ := h.View.(View[K, V])
	return v
}
