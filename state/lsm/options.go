package lsm

import (
	"runtime"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"

	"github.com/millrace-io/millrace/state"
)

const (
	defaultCacheBytes    = 128 << 20
	defaultMemtableBytes = 64 << 20
	// Below these pebble spends its time on files of a few kilobytes.
	minCacheBytes    = 1 << 20
	minMemtableBytes = 1 << 20
	// memtables is how many memtables share the budget: one being filled, and
	// enough behind it that a slow flush does not stop writers at once.
	memtables = 4
)

func withDefaults(o state.Options) state.Options {
	if o.CacheBytes <= 0 {
		o.CacheBytes = defaultCacheBytes
	}
	if o.MemtableBytes <= 0 {
		o.MemtableBytes = defaultMemtableBytes
	}
	o.CacheBytes = max(o.CacheBytes, minCacheBytes)
	o.MemtableBytes = max(o.MemtableBytes, minMemtableBytes)
	return o
}

// pebbleOptions are the choices for this load: small values overwritten again
// and again, read by key before each write, and a log that need not be synced.
func pebbleOptions(o state.Options) *pebble.Options {
	p := &pebble.Options{
		// The newest that pebble v2.1.7 can write. Raising it is one-way: an
		// older program then refuses the folder, which costs it a restore.
		FormatMajorVersion: pebble.FormatValueSeparation,
		// Large memtables are where overwrites of a hot key meet and become
		// one entry before they cost a write to a file.
		MemTableSize: uint64(o.MemtableBytes) / memtables,
		// L0 files overlap, so a look-up may ask each: compact early.
		L0CompactionThreshold: 2,
		// Waiting for flush and compaction is the gate's job, which can give
		// up when the disk fails. Pebble's own waits could not, so they are
		// put out of reach.
		L0StopWritesThreshold:       1000,
		MemTableStopWritesThreshold: 1000,
		// Half of the processors at most: the others process records.
		CompactionConcurrencyRange: func() (int, int) { return 1, max(1, min(4, runtime.GOMAXPROCS(0)/2)) },
		// A dropped or cleared store is one range delete. Flushing it soon and
		// cutting the range out of files frees the disk without rewriting.
		FlushDelayDeleteRange: 5 * time.Second,
	}
	p.Experimental.EnableDeleteOnlyCompactionExcises = func() bool { return true }
	// Snappy or its like on all levels. The better zstd of lower levels is
	// several times slower without cgo, for files that are restorable anyway.
	p.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return pebble.DBCompressionFastest })
	// Ten bits per key save most reads of files that do not have the key. The
	// last level has nearly every key that is asked for, and pebble's Get does
	// not consult a filter there.
	for i := range p.Levels {
		p.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	p.Levels[len(p.Levels)-1].FilterPolicy = pebble.NoFilterPolicy
	return p
}

// loadOptions are those of a file that is to be ingested: what pebble itself
// would do for level 0, since it is not known where the file will go.
func loadOptions(p *pebble.Options) sstable.WriterOptions {
	p = p.Clone()
	p.EnsureDefaults()
	return p.MakeWriterOptions(0, p.FormatMajorVersion.MaxTableFormat())
}
