package runtime

import (
	"fmt"
	"slices"
	"time"

	"github.com/millrace-io/millrace/status"
)

// Checks are the conditions of readiness: in the group, all global
// tables filled, and all tasks restored. An instance without tasks is a ready spare.
func (i *Instance) Checks() []status.Check {
	group := status.Check{Name: "group", OK: i.figures.member.Load() != nil && *i.figures.member.Load() != ""}
	if !group.OK {
		group.Detail = "not in the group"
	}
	switch s := i.State(); s {
	case status.Stopping, status.Stopped, status.Failed, status.Created:
		group.OK, group.Detail = false, string(s)
	}
	if i.brokersAway.Load() {
		group.OK, group.Detail = false, "no broker answers"
	}
	checks := []status.Check{group}
	for _, g := range i.globals {
		checks = append(checks, g.check())
	}
	held := *i.held.Load()
	for _, id := range sortedTasks(held) {
		switch h := held[id]; h.phase.Load() {
		case phaseStarting:
			checks = append(checks, status.Check{Name: "task " + id.String(), Detail: "starting"})
		case phaseRestoring:
			for _, p := range h.restores() {
				checks = append(checks, status.Check{Name: fmt.Sprintf("restore %s-%d", p.Store, p.Partition), Detail: fmt.Sprintf("%d%%", p.Percent())})
			}
		}
	}
	return checks
}

// Live returns an error if only a restart helps.
func (i *Instance) Live() error {
	select {
	case <-i.failed:
		return i.cause
	default:
	}
	if s := i.State(); s == status.Stopped || !i.up.Load() {
		return nil
	}
	limit := i.now().Add(-stuckWorker)
	n := slices.IndexFunc(i.workers, func(w *worker) bool { return millis(w.turnedAt.Load()).Before(limit) })
	if n >= 0 {
		return fmt.Errorf("worker %d has not turned since %s: user code blocks it", n, millis(i.workers[n].turnedAt.Load()).Format(time.RFC3339))
	}
	return nil
}

// stuckWorker is how long a worker may be silent: its loop turns at least once
// a second.
const stuckWorker = 30 * time.Second

func millis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
