package metrics

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// Live is what an instance is at the moment of a scrape. The function given to
// Recorder.OnScrape fills in what there is; everything else stays 0.
type Live struct {
	// State is a status.State. Defaults to "created".
	State   string
	Workers struct{ Idle, Running, Stopping, Failed int }
	// TransactionsInFlight are those of all workers.
	TransactionsInFlight int
	// EntriesBytes are summed up over all stores of all tasks.
	EntriesBytes struct{ Clean, Dirty, Frozen int64 }

	// Of the instance's database. BlockCache and WriteStallSeconds only ever
	// grow while the database is open.
	MemoryBytes         struct{ Memtable, BlockCache, TableIndex int64 }
	BlockCache          struct{ Hits, Misses int64 }
	CompactionDebtBytes int64
	WriteStallSeconds   float64

	r             *Recorder
	subtopologies []liveSubtopology
	lag           map[topicPartition]int64
	watermarks    map[topicPartition]int64
	paused        map[string]int
	stores        map[string]*liveStore
}

type liveSubtopology struct {
	active, restoring int
	records, bytes    int64
	watermarkMs       int64 // -1 as long as there is none
}

type liveStore struct{ entries, diskBytes, remaining int64 }

type topicPartition struct {
	topic     string // the label
	partition int32
}

// states, workerStates and roles are the values of the labels state and role.
var (
	states       = []string{"created", "starting", "rebalancing", "restoring", "running", "stopping", "stopped", "failed"}
	workerStates = []string{"idle", "running", "stopping", "failed"}
	roles        = []string{roleActive, "restoring"}
)

// AddTask adds a task of a subtopology.
func (l *Live) AddTask(subtopology int, restoring bool) {
	if s := &l.subtopologies[subtopology]; restoring {
		s.restoring++
	} else {
		s.active++
	}
}

// AddBuffered adds what waits in the queues of a task.
func (l *Live) AddBuffered(subtopology int, records, bytes int64) {
	s := &l.subtopologies[subtopology]
	s.records += records
	s.bytes += bytes
}

// AddStreamTime adds the stream time of a task in milliseconds, -1 for none:
// the lowest of a subtopology is its watermark.
func (l *Live) AddStreamTime(subtopology int, ms int64) {
	s := &l.subtopologies[subtopology]
	if ms >= 0 && (s.watermarkMs < 0 || ms < s.watermarkMs) {
		s.watermarkMs = ms
	}
}

// AddPartition adds an assigned partition of a source topic, named as for
// Recorder.Topic, with its lag in offsets (-1 if not known yet) and whether
// its fetching is paused.
func (l *Live) AddPartition(topic string, partition int32, lag int64, paused bool) {
	if t := l.r.topics[topic]; t == nil || !t.source {
		topic = otherTopic
	}
	if lag >= 0 {
		l.lag[topicPartition{topic, partition}] += lag
	}
	if paused {
		l.paused[topic]++
	}
}

// AddWatermark adds that of an assigned partition in milliseconds, -1 for none
// yet. Several under one label are as far as the lowest.
func (l *Live) AddWatermark(topic string, partition int32, ms int64) {
	if t := l.r.topics[topic]; t == nil || !t.source {
		topic = otherTopic
	}
	at := topicPartition{topic, partition}
	if old, ok := l.watermarks[at]; ms >= 0 && (!ok || ms < old) {
		l.watermarks[at] = ms
	}
}

// AddStore adds the size of one task's part of a store. Stores that Info does
// not name are left out.
func (l *Live) AddStore(name string, entries, diskBytes int64) {
	if s := l.stores[name]; s != nil {
		s.entries += entries
		s.diskBytes += diskBytes
	}
}

// AddRestore adds what one task's part of a store has still to read back, in
// offsets.
func (l *Live) AddRestore(store string, remaining int64) {
	if s := l.stores[store]; s != nil {
		s.remaining += remaining
	}
}

// OnScrape sets the function that fills in a Live at each scrape; nil removes
// it. It is called on the goroutine of the scrape, by several at once if there
// are several, and must not block.
func (r *Recorder) OnScrape(fill func(*Live)) {
	if fill == nil {
		r.live.Store(nil)
		return
	}
	r.live.Store(&fill)
}

// scrape returns a Live as the instance is now.
func (r *Recorder) scrape() *Live {
	l := &Live{
		State:         states[0],
		r:             r,
		subtopologies: make([]liveSubtopology, len(r.subtopologies)),
		lag:           make(map[topicPartition]int64),
		watermarks:    make(map[topicPartition]int64),
		paused:        make(map[string]int),
		stores:        make(map[string]*liveStore, len(r.stores)),
	}
	for i := range l.subtopologies {
		l.subtopologies[i].watermarkMs = -1
	}
	for name := range r.stores {
		l.stores[name] = new(liveStore)
	}
	for name, t := range r.topics {
		if t.source {
			l.paused[name] = 0
		}
	}
	if fill := r.live.Load(); fill != nil {
		(*fill)(l)
	}
	return l
}

// collect sends the gauges, and the counters that belong to the database.
func (l *Live) collect(ch chan<- prometheus.Metric) {
	send := func(f *family, v float64, values ...string) { ch <- f.sample(v, values...) }

	for _, s := range states {
		on := 0.0
		if s == l.State {
			on = 1
		}
		send(appState, on, s)
	}
	w := l.Workers
	for i, n := range []int{w.Idle, w.Running, w.Stopping, w.Failed} {
		send(workers, float64(n), workerStates[i])
	}
	send(transactionsOpen, float64(l.TransactionsInFlight))
	send(entriesBytes, float64(l.EntriesBytes.Clean), "clean")
	send(entriesBytes, float64(l.EntriesBytes.Dirty), "dirty")
	send(entriesBytes, float64(l.EntriesBytes.Frozen), "frozen")

	send(storeMemory, float64(l.MemoryBytes.Memtable), "memtable")
	send(storeMemory, float64(l.MemoryBytes.BlockCache), "block_cache")
	send(storeMemory, float64(l.MemoryBytes.TableIndex), "table_index")
	send(blockCache, float64(l.BlockCache.Hits), "hit")
	send(blockCache, float64(l.BlockCache.Misses), "miss")
	send(compactionDebt, float64(l.CompactionDebtBytes))
	send(writeStall, l.WriteStallSeconds)

	for id, s := range l.subtopologies {
		label := strconv.Itoa(id)
		send(tasks, float64(s.active), label, roles[0])
		send(tasks, float64(s.restoring), label, roles[1])
		send(bufferedRecords, float64(s.records), label)
		send(bufferedBytes, float64(s.bytes), label)
		if s.watermarkMs >= 0 {
			send(watermark, float64(s.watermarkMs)/1000, label)
		}
	}
	for tp, lag := range l.lag {
		send(partitionLag, float64(lag), tp.topic, strconv.Itoa(int(tp.partition)))
	}
	for tp, ms := range l.watermarks {
		send(partitionTime, float64(ms)/1000, tp.topic, strconv.Itoa(int(tp.partition)))
	}
	for topic, n := range l.paused {
		send(pausedPartition, float64(n), topic)
	}
	for name, s := range l.stores {
		send(storeEntries, float64(s.entries), name)
		send(storeDisk, float64(s.diskBytes), name)
		send(restoreRemaining, float64(s.remaining), name, roleActive)
	}
}
