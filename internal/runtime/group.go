package runtime

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/processor"
)

// membership is what the group's callbacks keep. They run one at a time on a
// goroutine of the client's, never between a poll and AllowRebalance.
type membership struct {
	member string
	owned  map[tp]bool
	roster []peer // who was in the group, for fencing those who vanish
}

// onAssigned takes on the tasks whose partitions are now all here.
func (i *Instance) onAssigned(_ context.Context, _ *kgo.Client, added map[string][]int32) {
	start := i.now()
	i.checkMember()
	i.group.PauseFetchPartitions(added)
	for p := range eachTP(added) {
		i.members.owned[p] = true
	}
	i.fenceVanished(len(added) > 0)
	i.awaitStable(slices.Collect(eachTP(added)), stableWait)
	ids := i.takeOn()
	i.rebalanced("assign", ids, start)
}

// onRevoked gives tasks back. The client calls it at the end of every session,
// mostly with nothing.
func (i *Instance) onRevoked(_ context.Context, _ *kgo.Client, revoked map[string][]int32) {
	start := i.now()
	i.checkMember()
	if len(revoked) == 0 {
		return
	}
	i.giveBack(revoked, i.cfg.RebalanceTimeout/2)
	i.rebalanced("revoke", nil, start)
}

// onLost drops everything: the group has gone on without us.
func (i *Instance) onLost(context.Context, *kgo.Client, map[string][]int32) {
	start := i.now()
	i.loseAll()
	i.loaded.set(slices.Collect(maps.Keys(i.members.owned)), false)
	clear(i.members.owned)
	i.members.member = ""
	i.started.Store(i.now().UnixMilli()) // the next membership outranks what is left of this one
	i.rebalanced("lost", nil, start)
}

// checkMember notices that the client has joined again under a new member id
// without saying so: then others may have owned our tasks meanwhile, and
// what they did since our last commit must not be overwritten (R3).
func (i *Instance) checkMember() {
	member, _ := i.group.GroupMetadata()
	before := i.members.member
	i.members.member = member
	if before == "" || before == member {
		return
	}
	i.log.Warn("rejoined the group under a new member id, dropping all tasks", "before", before, "member", member)
	i.loseAll()
}

// takeOn starts all tasks of which every partition is owned and that do not
// run yet. The rest waits: a task never starts with a part of its inputs.
func (i *Instance) takeOn() []processor.TaskID {
	if i.stopping() {
		return nil
	}
	member := i.members.member
	wants := i.layout().tasks(i.members.owned)
	i.closeGrown(wants)
	held := i.tasks()
	var ids []processor.TaskID
	for _, want := range wants {
		if held[want.id] != nil {
			continue
		}
		h := newHandle(i.abortCtx, want, member)
		h.worker = i.leastLoaded()
		h.worker.tasksHeld.Add(1)
		h.inbox.close()
		held[want.id] = h
		ids = append(ids, want.id)
		i.starters.Go(func() { i.start(h) })
	}
	i.setTasks(held)
	return ids
}

// closeGrown gives up tasks that have got more inputs, to be made anew with
// all of them.
func (i *Instance) closeGrown(wants []wanted) {
	held := i.tasks()
	var gone []*handle
	for _, want := range wants {
		if h := held[want.id]; h != nil && !slices.Equal(h.inputs, want.inputs()) {
			delete(held, want.id)
			gone = append(gone, h)
		}
	}
	if len(gone) > 0 {
		i.setTasks(held)
		<-i.releaseAll(gone)
	}
}

// giveBack commits and closes the tasks of the revoked partitions. If that
// takes longer than patience their transactions abort: the other members wait
// for us, and past the rebalance time-out we would be expelled.
func (i *Instance) giveBack(revoked map[string][]int32, patience time.Duration) {
	held := i.tasks()
	var gone []*handle
	i.loaded.set(slices.Collect(eachTP(revoked)), false)
	for p := range eachTP(revoked) {
		delete(i.members.owned, p)
		for id, h := range held {
			if slices.Contains(h.inputs, p) {
				delete(held, id)
				gone = append(gone, h)
			}
		}
	}
	i.setTasks(held)
	done := i.releaseAll(gone)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		i.lose(gone)
		<-done
	}
	var tps []tp
	for _, h := range gone {
		tps = append(tps, h.inputs...)
	}
	i.awaitStable(tps, stableWait)
}

// stableWait bounds how long callbacks wait for pending offsets: others stand
// still meanwhile.
const stableWait = time.Second

// awaitStable waits until no transaction has offsets of the partitions
// pending, which takes a few milliseconds normally. The client that is to
// fetch them next would wait in steps of a full second.
func (i *Instance) awaitStable(tps []tp, patience time.Duration) {
	if len(tps) == 0 || !i.cfg.ExactlyOnce {
		return
	}
	ctx, cancel := context.WithTimeout(i.abortCtx, patience)
	defer cancel()
	_, _ = i.stableOffsets(ctx, tps) // whoever needs them asks again
}

// loseAll marks all tasks as lost, aborts what they did and closes them.
func (i *Instance) loseAll() {
	held := i.tasks()
	i.setTasks(nil)
	gone := slices.Collect(maps.Values(held))
	i.lose(gone)
	<-i.releaseAll(gone)
}

// lose marks tasks as lost, which keeps every transaction with them from
// committing.
func (i *Instance) lose(gone []*handle) {
	for _, h := range gone {
		h.lost.Store(true)
		h.abandon()
	}
	for _, h := range gone {
		if h.worker != nil {
			h.worker.abandon()
		}
	}
}

// releaseAll takes tasks back from their starters and workers; the channel is
// closed when all of them are closed.
func (i *Instance) releaseAll(gone []*handle) <-chan struct{} {
	for _, h := range gone {
		h.cancel()
	}
	done := make(chan struct{})
	i.background.Go(func() {
		defer close(done)
		for _, h := range gone {
			<-h.started
		}
		var waits []chan struct{}
		for _, w := range i.workers {
			mine := slices.DeleteFunc(slices.Clone(gone), func(h *handle) bool { return h.worker != w })
			if len(mine) > 0 {
				waits = append(waits, w.release(mine))
			}
		}
		for _, wait := range waits {
			<-wait
		}
	})
	return done
}

// leastLoaded is the worker with the fewest tasks.
func (i *Instance) leastLoaded() *worker {
	return slices.MinFunc(i.workers, func(a, b *worker) int {
		return int(a.tasksHeld.Load()) - int(b.tasksHeld.Load())
	})
}
