package lsm

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// gate makes writers wait while the disk is behind: while the memtables are
// over their budget, or level 0 has so many layers that reads suffer. It does
// what pebble's write stall does, save that a failed disk ends the wait.
//
// The budget is a mark, not a wall: writers that pass at the same moment
// overshoot it by a batch each.
type gate struct {
	guard         *guard
	memtableBytes uint64
	metrics       func() *pebble.Metrics

	// Only a new memtable can push the figures over the mark, and asking for
	// them is not free, so they are asked for once per new memtable.
	rotations, cleared atomic.Int64
	stalledNanos       atomic.Int64

	// mu guards woken, which is closed and replaced when a flush or a
	// compaction has ended.
	mu    sync.Mutex
	woken chan struct{}
}

// stopLayers is how many layers of level 0 stop writers. Compaction starts at
// two and usually keeps them below five.
const stopLayers = 20

func newGate(g *guard, memtableBytes int64) *gate {
	return &gate{guard: g, memtableBytes: uint64(memtableBytes), woken: make(chan struct{})}
}

// listener feeds the gate and keeps pebble's own reactions to trouble away.
func (g *gate) listener() *pebble.EventListener {
	return &pebble.EventListener{
		WALCreated:    func(pebble.WALCreateInfo) { g.rotations.Add(1) },
		FlushEnd:      func(pebble.FlushInfo) { g.wake() },
		CompactionEnd: func(pebble.CompactionInfo) { g.wake() },
		// The default is to end the process. The read that found the damage
		// returns it, and nothing must be built upon it.
		DataCorruption: func(i pebble.DataCorruptionInfo) { g.guard.fail(i.Details) },
		// What a flush or a compaction suffers from writing, the guard has
		// seen; the rest is retried.
		BackgroundError: func(error) {},
	}
}

func (g *gate) wake() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.woken)
	g.woken = make(chan struct{})
}

// pass returns when a batch may be written, or the error that ended writing.
func (g *gate) pass() error {
	if err := g.guard.failure(); err != nil {
		return err
	}
	if g.rotations.Load() == g.cleared.Load() {
		return nil
	}
	return g.wait()
}

func (g *gate) wait() error {
	var start time.Time
	for {
		g.mu.Lock()
		woken := g.woken // before asking, or the wake-up may be missed
		g.mu.Unlock()
		rotations := g.rotations.Load()
		if !g.behind() {
			g.cleared.Store(rotations)
			if !start.IsZero() {
				g.stalledNanos.Add(int64(time.Since(start)))
			}
			return g.guard.failure()
		}
		if start.IsZero() {
			start = time.Now()
		}
		select {
		case <-woken:
		case <-g.guard.failed:
			return g.guard.err
		}
	}
}

func (g *gate) behind() bool {
	m := g.metrics()
	return m.MemTable.Size > g.memtableBytes || m.Levels[0].Sublevels >= stopLayers
}
