package runtime

import (
	"encoding/binary"
	"strconv"
	"sync"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/metrics"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
)

// over makes a configuration run another topology.
func (r *rig) over(cfg Config, b *topology.Builder, stores ...string) Config {
	r.t.Helper()
	g, err := b.Build()
	if err != nil {
		r.t.Fatal(err)
	}
	cfg.Graph = g
	cfg.Recorder = metrics.New(metrics.Info{App: r.app, Subtopologies: len(g.Subtopologies), Stores: stores})
	return cfg
}

// settled waits until the group has committed all there is to read, whoever
// does it.
func (r *rig) settled() {
	r.t.Helper()
	for _, topic := range []string{r.in, r.app + "-counts-repartition"} {
		kafkatest.WaitFor(r.t, "commits up to the end of "+topic, func() bool { return r.reached(topic) })
	}
}

// reached reports whether the committed offsets of a topic are at its end.
func (r *rig) reached(topic string) bool {
	ends, at := r.b.EndOffsets(r.t, topic), r.b.Committed(r.t, r.app)[topic]
	for p, end := range ends {
		if end > 0 && at[p] < end {
			return false
		}
	}
	return true
}

// tasksHeld is how many tasks an instance has at the moment.
func (run *running) tasksHeld() int { return len(*run.held.Load()) }

// steady waits until the instances have n tasks each, all of them running.
func (r *rig) steady(n int, runs ...*running) {
	r.t.Helper()
	kafkatest.WaitFor(r.t, "tasks to be spread and running", func() bool {
		for _, run := range runs {
			if run.tasksHeld() != n || len(run.running()) != n {
				return false
			}
		}
		return true
	})
}

// restores watches what the instances on one database read back. No state may
// be thrown away, and what was read or written once is not read again.
type restores struct {
	r *rig

	mu      sync.Mutex // guards what follows
	ends    map[state.ID]int64
	records int64 // since the last call of since
	largest int64 // records that one transaction produced
}

func (r *rig) watchRestores() *restores {
	return &restores{r: r, ends: make(map[state.ID]int64)}
}

// on makes an instance report to w.
func (w *restores) on(cfg Config) Config {
	cfg.Observer.OnRestore = w.restored
	cfg.Observer.OnCommit = func(i processor.CommitInfo) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.largest = max(w.largest, int64(i.Produced))
	}
	return cfg
}

func (w *restores) restored(i processor.RestoreInfo) {
	w.mu.Lock()
	defer w.mu.Unlock()
	id := state.ID{Name: i.Store, Partition: i.Task.Partition}
	if i.Dropped != "" {
		w.r.t.Errorf("state was thrown away: %s", i)
	}
	w.records += i.Records
	if i.Err != nil {
		return // it may have been given up before it knew where to begin
	}
	if i.From < w.ends[id] {
		w.r.t.Errorf("restored from %d again, it had come to %d: %s", i.From, w.ends[id], i)
	}
	w.ends[id] = i.To
}

// since returns how many records were restored since the last call.
func (w *restores) since() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.records
	w.records = 0
	return n
}

// limit is what a crash may cost at most: one transaction that was committed
// and not yet written to the store.
func (w *restores) limit() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.largest
}

// checkAtLeast fails the test if a word's highest count is less than it was
// written, or if a count is missing on the way there.
func (r *rig) checkAtLeast() {
	r.t.Helper()
	top := make(map[string]int64)
	seen := make(map[string]map[int64]bool)
	for _, rec := range r.b.ReadCommitted(r.t, r.out) {
		n, err := strconv.ParseInt(string(rec.Value), 10, 64)
		if err != nil {
			r.t.Fatal(err)
		}
		word := string(rec.Key)
		if seen[word] == nil {
			seen[word] = make(map[int64]bool)
		}
		seen[word][n] = true
		top[word] = max(top[word], n)
	}
	for word, n := range r.want {
		if top[word] < n {
			r.t.Errorf("word %s: counted %d of %d", word, top[word], n)
		}
		if len(seen[word]) != int(top[word]) {
			r.t.Errorf("word %s: only %d different counts up to %d", word, len(seen[word]), top[word])
		}
	}
}

// checkChangelog fails the test unless the last value of every word in the
// changelog is its count.
func (r *rig) checkChangelog() {
	r.t.Helper()
	got := make(map[string]int64)
	for _, rec := range r.b.ReadCommitted(r.t, r.app+"-counts-changelog") {
		got[string(rec.Key)] = int64(binary.BigEndian.Uint64(rec.Value))
	}
	if d := cmp.Diff(r.want, got); d != "" {
		r.t.Errorf("the changelog ends with other counts (-want +got):\n%s", d)
	}
}

// flight knows which transactions of an instance with one worker have been
// handed over and not been settled.
type flight struct {
	mu      sync.Mutex // guards what follows
	open    map[uint64]bool
	highest int
}

func watchFlight(cfg *Config) *flight {
	f := &flight{open: make(map[uint64]bool)}
	fault, commit := cfg.Fault, cfg.Observer.OnCommit
	cfg.Fault = func(p Point, seq uint64) error {
		if p == PointFrozen {
			f.mu.Lock()
			f.open[seq] = true
			f.highest = max(f.highest, len(f.open))
			f.mu.Unlock()
		}
		if fault != nil {
			return fault(p, seq)
		}
		return nil
	}
	cfg.Observer.OnCommit = func(i processor.CommitInfo) {
		f.mu.Lock()
		delete(f.open, i.Sequence)
		f.mu.Unlock()
		if commit != nil {
			commit(i)
		}
	}
	return f
}

// most is how many were open at once.
func (f *flight) most() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.highest
}
