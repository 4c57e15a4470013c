package runtime

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/millrace-io/millrace/state"
)

// followGrowth follows inputs that have got more partitions, and new topics
// that match a pattern. Where state depends on the number of partitions
// nothing can follow: keys are in other partitions now than their state.
func (i *Instance) followGrowth(ctx context.Context) {
	counts, _, err := i.clusterTopics(ctx)
	if err != nil || !i.grown(counts) {
		return
	}
	if err := i.refuseGrowth(counts); err != nil {
		i.fail(err)
		return
	}
	next, err := i.lookAround(ctx)
	if err != nil {
		if ctx.Err() == nil && !brokerAway(err) {
			i.fail(err)
		}
		return
	}
	now := i.layout()
	next.late = make(map[tp]bool)
	known := make(map[tp]bool)
	for _, p := range now.inputs() {
		known[p] = true
	}
	var added []string
	for _, p := range next.inputs() {
		if !known[p] || now.late[p] {
			next.late[p] = true
		}
		if now.source[p.topic] == nil && !slices.Contains(added, p.topic) {
			added = append(added, p.topic)
		}
	}
	i.log.Info("inputs have grown, following", "new_topics", added)
	i.topics.Store(next)
	i.group.ForceMetadataRefresh() // else the leader learns of it minutes later
	i.group.AddConsumeTopics(added...)
	i.group.ForceRebalance()
}

// grown reports whether there is anything to follow.
func (i *Instance) grown(counts map[string]int) bool {
	l := i.layout()
	for _, sub := range i.cfg.Graph.Subtopologies {
		for _, in := range l.counts.Inputs[sub.ID] {
			if counts[in.Topic] > in.Partitions {
				return true
			}
		}
		for _, src := range sub.Sources {
			for _, name := range sourceTopics(i.cfg.App, src.Source, counts) {
				if l.source[name] == nil {
					return true
				}
			}
		}
	}
	return false
}

// refuseGrowth returns an error where growth cannot be followed.
func (i *Instance) refuseGrowth(counts map[string]int) error {
	l := i.layout()
	for _, sub := range i.cfg.Graph.Subtopologies {
		tasks := l.counts.Tasks[sub.ID]
		for _, in := range l.counts.Inputs[sub.ID] {
			if now := counts[in.Topic]; now > in.Partitions && (len(sub.Stores) > 0 || in.Source.Source.Repartition != nil) {
				return fmt.Errorf("topic %s has grown from %d to %d partitions, and subtopology %d keeps state by partition: "+
					"keys are in other partitions now than their state; reset the application to build the state anew, "+
					"or send the topic through topology.Repartition", in.Topic, in.Partitions, now, sub.ID)
			}
		}
		for _, src := range sub.Sources {
			for _, name := range sourceTopics(i.cfg.App, src.Source, counts) {
				if l.source[name] == nil && counts[name] > tasks && len(sub.Stores) > 0 {
					return fmt.Errorf("new topic %s matches pattern %q but has %d partitions, and subtopology %d, which keeps state by partition, has %d tasks: "+
						"give the topic at most %d partitions, or reset the application", name, src.Source.Pattern, counts[name], sub.ID, tasks, tasks)
				}
			}
		}
	}
	return nil
}

// inputs are all partitions that the layout's tasks read.
func (l *layout) inputs() []tp {
	var tps []tp
	for _, inputs := range l.counts.Inputs {
		for _, in := range inputs {
			for p := range int32(in.Partitions) {
				tps = append(tps, tp{in.Topic, p})
			}
		}
	}
	return tps
}

// touchAfter is how old the time of a store may get while nothing is written
// to it. A store whose time is older than half of its changelog's
// delete.retention.ms, a day by default, is not trusted after a restart.
const touchAfter = 10 * time.Minute

// touchStores notes in stores that were not written for a while that they are
// current all the same.
func (i *Instance) touchStores() {
	for _, h := range i.running() {
		h.worker.box.post(func() {
			if h.phase.Load() != phaseRunning || h.worker.outstanding > 0 || !h.worker.applied() || h.lost.Load() {
				return // what is in the pipeline brings its own time
			}
			now := i.now()
			for _, s := range h.stores {
				p, ok := s.Position()
				if ok && now.Sub(time.UnixMilli(p.CurrentAt)) > touchAfter {
					p.CurrentAt = now.UnixMilli()
					_ = s.Apply(&state.Batch{}, p)
				}
			}
		})
	}
}
