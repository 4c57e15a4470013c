package runtime

import (
	"sync"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
)

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
	if i.From < w.ends[id] {
		w.r.t.Errorf("restored from %d again, it had come to %d: %s", i.From, w.ends[id], i)
	}
	if i.Err == nil {
		w.ends[id] = i.To
	}
	w.records += i.Records
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
