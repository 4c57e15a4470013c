package state

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// Backend opens the database of one application instance. Memory() is the one
// that forgets; state/lsm keeps a folder.
type Backend interface {
	Open(ctx context.Context, o Options) (DB, error)
}

// Options are what an instance tells its Backend when it opens it.
type Options struct {
	// App is the application id. A database belongs to one application.
	App string
	// CacheBytes bounds the blocks of files that a backend on disk keeps in
	// memory. Defaults to 128 MiB.
	CacheBytes int64
	// MemtableBytes bounds the writes that a backend on disk has not yet
	// sorted into files; writers wait when it is exceeded. Defaults to 64 MiB.
	MemtableBytes int64
	// Logger gets warnings. nil is silent.
	Logger *slog.Logger
}

// ErrLocked is wrapped by the error of Backend.Open when another process has
// the database open. The error's text names that process.
var ErrLocked = errors.New("state is in use by another process")

// ErrClosed is what a Store, a Cursor or a DB returns after it was closed.
var ErrClosed = errors.New("state is closed")

// DB is the open database of one instance: all its stores, and a few metadata
// values of the runtime. Its methods may be called by many goroutines.
type DB interface {
	// Meta returns the metadata value of a key; ok is false if there is none.
	Meta(key string) (value []byte, ok bool, err error)
	// SetMeta keeps a metadata value. It is durable when SetMeta returns.
	SetMeta(key string, value []byte) error

	// Store opens the store of one task, empty if it is new. A store is opened
	// once at a time: opening an open one is an error.
	Store(id ID) (Store, error)
	// Stored lists the stores that the database holds, open or not.
	Stored() ([]Stored, error)
	// Drop deletes a store that is not open; one that does not exist is no
	// error.
	Drop(id ID) error

	// Durable reports whether the database outlives the process.
	Durable() bool
	// Figures are what monitoring wants to know.
	Figures() Figures
	// Close closes all stores, waits for cursors (they end with ErrClosed) and
	// releases the lock. Closing twice does nothing.
	Close() error
}

// ID names a store of one task: the store's name in the topology and the
// task's partition.
type ID struct {
	Name      string
	Partition int32
}

// Stored is one store that a database holds.
type Stored struct {
	ID ID
	// Position is the store's; zero for one that was never written.
	Position Position
	// LastUsed is when the store was last opened, written or closed; now, if
	// it is open.
	LastUsed time.Time
}

// Position says how far in its changelog partition a store is current.
type Position struct {
	// TopicID is the id of the changelog topic; another one means that the
	// topic was recreated and the store is worthless.
	TopicID [16]byte
	// Next is the offset after the last one that the store contains.
	Next int64
	// CurrentAt is the wall time in milliseconds at which Next was known to
	// be the end of the changelog. Too long ago, and tombstones may be gone.
	CurrentAt int64
}

// Figures are a database's sizes in bytes and counts; zero where they make no
// sense.
type Figures struct {
	// MemtableBytes is memory with writes not yet sorted into files,
	// BlockCacheBytes with blocks of files, TableIndexBytes what open files
	// need besides (their index blocks are part of the cache).
	MemtableBytes, BlockCacheBytes, TableIndexBytes int64
	// CacheHits and CacheMisses count look-ups of blocks since the start.
	CacheHits, CacheMisses int64
	// CompactionDebtBytes is what must be rewritten to get the files in order.
	CompactionDebtBytes int64
	// WriteStallSeconds is how long writers have waited for the disk, summed
	// over writers.
	WriteStallSeconds float64
	// Stores has the open stores.
	Stores []StoreFigures
}

// StoreFigures are the sizes of one open store; entries may be an estimate.
type StoreFigures struct {
	ID        ID
	Entries   int64
	DiskBytes int64
}
