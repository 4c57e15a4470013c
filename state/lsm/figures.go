package lsm

import (
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/millrace-io/millrace/state"
)

// Figures reads pebble's counters. Sizes of stores are those of their tables:
// what is still in memtables is not in them.
func (d *db) Figures() state.Figures {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return state.Figures{}
	}
	m := d.pebble.Metrics()
	f := state.Figures{
		MemtableBytes:       int64(m.MemTable.Size),
		BlockCacheBytes:     m.BlockCache.Size,
		TableIndexBytes:     m.FileCache.Size,
		CacheHits:           m.BlockCache.Hits,
		CacheMisses:         m.BlockCache.Misses,
		CompactionDebtBytes: int64(m.Compact.EstimatedDebt),
		WriteStallSeconds:   time.Duration(d.gate.stalledNanos.Load()).Seconds(),
	}
	for _, t := range d.openTables() {
		f.Stores = append(f.Stores, d.storeFigures(t.open))
	}
	return f
}

// countLimit is how many entries are counted one by one. Beyond, the number is
// estimated from the tables.
const countLimit = 1000

func (d *db) storeFigures(s *store) state.StoreFigures {
	f := state.StoreFigures{ID: s.id}
	var exact bool
	if f.Entries, exact = d.count(s); !exact {
		f.Entries = max(f.Entries, d.estimate(s))
	}
	// An error here is one of reading; whoever reads the store gets it.
	if n, err := d.pebble.EstimateDiskUsage(s.prefix, s.end); err == nil {
		f.DiskBytes = int64(n)
	}
	return f
}

// count counts entries up to the limit; ok says that these are all.
func (d *db) count(s *store) (n int64, ok bool) {
	it, err := d.pebble.NewIter(&pebble.IterOptions{LowerBound: s.prefix, UpperBound: s.end})
	if err != nil {
		return 0, false
	}
	defer it.Close()
	for valid := it.First(); valid; valid = it.Next() {
		if n++; n > countLimit {
			return n, false
		}
	}
	return n, it.Error() == nil
}

// estimate adds up the entries of the tables that overlap the store, by the
// share of their bytes that is the store's. An entry that was overwritten
// counts more than once until compaction has brought its versions together.
func (d *db) estimate(s *store) int64 {
	levels, err := d.pebble.SSTables(pebble.WithKeyRangeFilter(s.prefix, s.end), pebble.WithApproximateSpanBytes())
	if err != nil {
		return 0
	}
	var n float64
	for _, tables := range levels {
		for _, t := range tables {
			if t.Size == 0 {
				continue
			}
			// A deletion hides one older entry and is none itself.
			live := float64(t.TableStats.NumEntries) - 2*float64(t.TableStats.NumDeletions)
			n += live * min(1, float64(t.ApproximateSpanBytes)/float64(t.Size))
		}
	}
	return int64(max(n, 0))
}
