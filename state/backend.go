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
	// CacheBytes and MemtableBytes bound the memory of backends on disk.
	CacheBytes, MemtableBytes int64
	// Logger gets warnings. nil is silent.
	Logger *slog.Logger
}

// ErrLocked is wrapped by the error of Backend.Open when another process has
// the database open. The error's text names that process.
var ErrLocked = errors.New("state is in use by another process")

// DB is the open database of one instance: all its stores, and a few metadata
// values of the runtime. Its methods may be called by many goroutines.
type DB interface {
	// Meta returns the metadata value of a key; ok is false if there is none.
	Meta(key string) (value []byte, ok bool, err error)
	// SetMeta keeps a metadata value. It is durable when SetMeta returns.
	SetMeta(key string, value []byte) error

	// Store opens the store of one task, empty if it is new. A store is opened
	// once at a time.
	Store(id ID) (Store, error)
	// Stored lists the stores that the database holds, open or not.
	Stored() ([]Stored, error)
	// Drop deletes a store that is not open.
	Drop(id ID) error

	// Durable reports whether the database outlives the process.
	Durable() bool
	// Figures are what monitoring wants to know.
	Figures() Figures
	// Close closes all stores and releases the lock.
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
	ID       ID
	Position Position
	LastUsed time.Time // when it was last written or opened
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
	MemtableBytes, BlockCacheBytes, TableIndexBytes int64
	CacheHits, CacheMisses                          int64
	CompactionDebtBytes                             int64
	WriteStallSeconds                               float64
	Stores                                          []StoreFigures
}

// StoreFigures are the sizes of one open store; entries may be an estimate.
type StoreFigures struct {
	ID        ID
	Entries   int64
	DiskBytes int64
}
