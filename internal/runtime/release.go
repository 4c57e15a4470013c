package runtime

import "slices"

// release is the request to give tasks back.
type release struct {
	handles []*handle
	done    chan struct{} // closed when they are closed
}

// release takes tasks from the worker: they process nothing more, what they
// did is committed (or, where a task is marked lost, aborted), they are closed,
// and then done is closed. Tasks that the worker does not hold are ignored.
func (w *worker) release(handles []*handle) (done chan struct{}) {
	r := &release{handles: handles, done: make(chan struct{})}
	w.box.post(func() {
		for _, h := range handles {
			h.releasing = true
		}
		w.releases = append(w.releases, r)
	})
	return r.done
}

// finishReleases closes the tasks that were asked back once nothing of them
// is uncommitted or not in their stores.
func (w *worker) finishReleases() {
	now := w.inst.now()
	w.releases = slices.DeleteFunc(w.releases, func(r *release) bool {
		if w.outstanding > 0 || w.failure != nil || w.applying {
			return false
		}
		for _, h := range r.handles {
			if !slices.Contains(w.handles, h) || h.lost.Load() || w.inst.aborting() {
				continue
			}
			if !w.applied() || h.task.NeedsCommit() || w.unfinished(h, now) || w.owes(h) {
				return false
			}
		}
		for _, h := range r.handles {
			w.drop(h)
		}
		close(r.done)
		return true
	})
}

// drop closes a task and its stores.
func (w *worker) drop(h *handle) {
	w.handles = slices.DeleteFunc(w.handles, func(o *handle) bool { return o == h })
	w.inst.closeTask(h)
}
