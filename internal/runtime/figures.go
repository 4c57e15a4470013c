package runtime

import (
	"github.com/millrace-io/millrace/metrics"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
)

// folded is what of a task's counters has been added to the metrics already.
type folded struct {
	drops        map[[2]string]uint64
	disordered   map[string]uint64 // by topic
	punctuations [2]uint64
	operations   map[string]state.Operations
}

// foldTask adds what a task has counted since the last call to the metrics.
// Called on the goroutine that owns the task.
func (i *Instance) foldTask(h *handle) {
	p := h.pub.Load()
	if p == nil {
		return
	}
	sub := i.cfg.Recorder.Subtopology(h.id.Subtopology)
	for _, d := range p.Drops() {
		n, key := d.Records.Load(), [2]string{d.Node, d.Reason}
		if n == h.folded.drops[key] {
			continue
		}
		if h.folded.drops == nil {
			h.folded.drops = make(map[[2]string]uint64)
		}
		sub.Dropped(d.Reason).Add(int64(n - h.folded.drops[key]))
		h.folded.drops[key] = n
	}
	for c, to := range []*metrics.Counter{processor.StreamTime: &i.cfg.Recorder.Punctuations.StreamTime, processor.WallClock: &i.cfg.Recorder.Punctuations.WallClock} {
		n := p.Punctuations[c].Load()
		to.Add(int64(n - h.folded.punctuations[c]))
		h.folded.punctuations[c] = n
	}
	for _, in := range p.Inputs {
		w := in.Watermark
		if w == nil {
			continue
		}
		if n := w.Disordered.Load(); n != h.folded.disordered[in.Topic] {
			if h.folded.disordered == nil {
				h.folded.disordered = make(map[string]uint64)
			}
			i.cfg.Recorder.Topic(i.label(in.Topic)).Disordered.Add(int64(n - h.folded.disordered[in.Topic]))
			h.folded.disordered[in.Topic] = n
		}
	}
	i.foldStores(h)
}

// foldStores adds what the task's nodes have asked of its stores.
func (i *Instance) foldStores(h *handle) {
	if h.folded.operations == nil {
		h.folded.operations = make(map[string]state.Operations)
	}
	for _, spec := range h.sub.Stores {
		n, old, to := h.task.Operations(spec.Name), h.folded.operations[spec.Name], &i.cfg.Recorder.Store(spec.Name).Operations
		to.Get.Add(int64(n.Get - old.Get))
		to.Put.Add(int64(n.Put - old.Put))
		to.Delete.Add(int64(n.Delete - old.Delete))
		to.Range.Add(int64(n.Range - old.Range))
		to.All.Add(int64(n.All - old.All))
		h.folded.operations[spec.Name] = n
	}
}

// isPaused reports whether an input is not fetched for now.
func (i *Instance) isPaused(p tp) bool {
	paused := i.paused.Load()
	return paused != nil && (*paused)[p]
}

// Scrape fills in the live part of the metrics.
func (i *Instance) Scrape(l *metrics.Live) {
	l.State = string(i.State())
	if !i.up.Load() {
		return
	}
	for _, w := range i.workers {
		if w.tasksHeld.Load() == 0 {
			l.Workers.Idle++
		} else {
			l.Workers.Running++
		}
		l.TransactionsInFlight += int(w.inFlight.Load())
	}
	for _, g := range i.globals {
		if !g.isFilled() {
			l.AddRestore(g.spec.Name, max(g.end.Load()-g.position.Load(), 0))
		}
	}
	for _, h := range *i.held.Load() {
		l.AddTask(h.id.Subtopology, h.phase.Load() != phaseRunning)
		for _, p := range h.restores() {
			l.AddRestore(p.Store, p.Remaining())
		}
		p := h.pub.Load()
		if p == nil {
			continue
		}
		l.AddStreamTime(h.id.Subtopology, p.StreamTime.Load())
		l.EntriesBytes.Clean += p.CleanBytes.Load()
		l.EntriesBytes.Dirty += p.DirtyBytes.Load()
		l.EntriesBytes.Frozen += p.FrozenBytes.Load()
		for _, in := range p.Inputs {
			l.AddBuffered(h.id.Subtopology, in.BufferedRecords.Load(), in.BufferedBytes.Load())
			l.AddPartition(i.label(in.Topic), h.id.Partition, h.lag(in), i.isPaused(tp{in.Topic, h.id.Partition}))
			if w := in.Watermark; w != nil && !w.Idle.Load() {
				l.AddWatermark(i.label(in.Topic), h.id.Partition, w.Time.Load())
			}
		}
	}
	f := i.db.Figures()
	l.MemoryBytes.Memtable, l.MemoryBytes.BlockCache, l.MemoryBytes.TableIndex = f.MemtableBytes, f.BlockCacheBytes, f.TableIndexBytes
	l.BlockCache.Hits, l.BlockCache.Misses = f.CacheHits, f.CacheMisses
	l.CompactionDebtBytes, l.WriteStallSeconds = f.CompactionDebtBytes, f.WriteStallSeconds
	for _, s := range f.Stores {
		l.AddStore(s.ID.Name, s.Entries, s.DiskBytes)
	}
}
