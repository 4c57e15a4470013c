package runtime

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace-io/millrace/processor"
)

// member is a member of the group as the leader sees it.
type member struct {
	peer
	generation int32
	owned      map[tp]bool
	refused    string // why it gets nothing

	tasks []plannedTask
	bySub map[int]int // number of its tasks by subtopology
}

// assignments is what plan decides, in the form that the client wants.
type assignments []member

// plan gives each task to one member. In this order it wants: that nobody has
// more than one task more than another; that a task stays where it runs; that
// it goes where its state is; that the tasks of each subtopology are spread.
//
// A task whose inputs somebody else owns is given to nobody in this round: its
// owner gives it up, which starts the next (KIP-429). Of two members that
// claim a partition the one with the higher generation owns it (KIP-792), but
// any claimant must let go before the task moves.
func plan(tasks []plannedTask, members []member) assignments {
	slices.SortFunc(members, func(a, b member) int { return cmp.Compare(a.member, b.member) })
	refuseTwins(members)
	var able []*member
	for i := range members {
		members[i].bySub = make(map[int]int)
		if members[i].refused == "" {
			able = append(able, &members[i])
		}
	}
	if len(able) == 0 {
		return members
	}
	homeless := stick(tasks, able)
	place(homeless, able, len(tasks))
	for i := range members {
		m := &members[i]
		m.tasks = slices.DeleteFunc(m.tasks, func(t plannedTask) bool { return claimedByOther(t, m, members) })
	}
	return members
}

// refuseTwins lets only one of several members with one instance id take
// part: the one that came last. The others are mostly predecessors that
// were killed and whose membership has not run out. Should one be alive, the
// start of the last has fenced its transactions, and it is told to end.
func refuseTwins(members []member) {
	last := make(map[string]*member)
	for i := range members {
		m := &members[i]
		keeper := last[m.instance]
		if keeper == nil || m.started > keeper.started {
			last[m.instance] = m
		}
	}
	for i := range members {
		m := &members[i]
		if keeper := last[m.instance]; keeper != m {
			m.refused = fmt.Sprintf("instance id %q is in use by a member on host %q that came later; give each instance a state folder or Config.InstanceID of its own", m.instance, keeper.host)
		}
	}
}

// stick leaves tasks with their owners up to everyone's fair share, and
// returns the others.
func stick(tasks []plannedTask, members []*member) (homeless []plannedTask) {
	floor, extra := len(tasks)/len(members), len(tasks)%len(members)
	for _, t := range tasks {
		o := owner(t, members)
		if o == nil {
			homeless = append(homeless, t)
			continue
		}
		o.take(t)
	}
	// Those who have most may keep the tasks that do not divide evenly.
	byLoad := slices.Clone(members)
	slices.SortStableFunc(byLoad, func(a, b *member) int { return cmp.Compare(len(b.tasks), len(a.tasks)) })
	for _, m := range byLoad {
		share := floor
		if extra > 0 && len(m.tasks) > floor {
			share++
			extra--
		}
		for len(m.tasks) > share {
			homeless = append(homeless, m.giveUp())
		}
	}
	slices.SortFunc(homeless, func(a, b plannedTask) int { return compareTasks(a.id, b.id) })
	return homeless
}

// owner is the member that runs t: it claims an input in the highest
// generation.
func owner(t plannedTask, members []*member) *member {
	var best *member
	for _, m := range members {
		if m.claims(t) && (best == nil || m.generation > best.generation) {
			best = m
		}
	}
	return best
}

// place gives each task to the member that suits it best among those that have
// room: everyone has for an even share, and for one more as many as what does
// not divide evenly.
func place(homeless []plannedTask, members []*member, total int) {
	floor, extra := total/len(members), total%len(members)
	for _, m := range members {
		if len(m.tasks) > floor {
			extra--
		}
	}
	for _, t := range homeless {
		var best *member
		for _, m := range members {
			room := len(m.tasks) < floor || len(m.tasks) == floor && extra > 0
			if room && (best == nil || better(t, m, best)) {
				best = m
			}
		}
		if len(best.tasks) == floor {
			extra--
		}
		best.take(t)
	}
}

// better reports whether m suits t better than best: by the state that it
// has, then by how many tasks it has, then by how many of the subtopology.
func better(t plannedTask, m, best *member) bool {
	have, haveBest := m.positions[t.id], best.positions[t.id]
	if have != haveBest {
		return have > haveBest
	}
	return cmp.Or(
		cmp.Compare(len(m.tasks), len(best.tasks)),
		cmp.Compare(m.bySub[t.id.Subtopology], best.bySub[t.id.Subtopology]),
	) < 0
}

func (m *member) claims(t plannedTask) bool {
	return slices.ContainsFunc(t.inputs, func(p tp) bool { return m.owned[p] })
}

func (m *member) take(t plannedTask) {
	m.tasks = append(m.tasks, t)
	m.bySub[t.id.Subtopology]++
}

// giveUp removes a task of the subtopology of which m has most.
func (m *member) giveUp() plannedTask {
	at := 0
	for i, t := range m.tasks {
		if m.bySub[t.id.Subtopology] >= m.bySub[m.tasks[at].id.Subtopology] {
			at = i
		}
	}
	t := m.tasks[at]
	m.tasks = slices.Delete(m.tasks, at, at+1)
	m.bySub[t.id.Subtopology]--
	return t
}

func claimedByOther(t plannedTask, m *member, members []member) bool {
	for i := range members {
		if o := &members[i]; o.member != m.member && o.claims(t) {
			return true
		}
	}
	return false
}

// IntoSyncAssignment implements kgo.IntoSyncAssignment.
func (a assignments) IntoSyncAssignment() []kmsg.SyncGroupRequestGroupAssignment {
	peers := make([]peer, 0, len(a))
	for _, m := range a {
		if m.refused == "" {
			peers = append(peers, m.peer)
		}
	}
	var out []kmsg.SyncGroupRequestGroupAssignment
	for _, m := range a {
		byName := make(map[string][]int32)
		for _, t := range m.tasks {
			for _, p := range t.inputs {
				byName[p.topic] = append(byName[p.topic], p.partition)
			}
		}
		assignment := kmsg.NewConsumerMemberAssignment()
		assignment.UserData = appendRoster(nil, peers, m.refused)
		for _, topic := range sortedKeys(byName) {
			t := kmsg.NewConsumerMemberAssignmentTopic()
			t.Topic, t.Partitions = topic, slices.Sorted(slices.Values(byName[topic]))
			assignment.Topics = append(assignment.Topics, t)
		}
		sync := kmsg.NewSyncGroupRequestGroupAssignment()
		sync.MemberID, sync.MemberAssignment = m.member, assignment.AppendTo(nil)
		out = append(out, sync)
	}
	return out
}

func compareTasks(a, b processor.TaskID) int {
	return cmp.Or(cmp.Compare(a.Subtopology, b.Subtopology), cmp.Compare(a.Partition, b.Partition))
}

func sortedTasks[V any](m map[processor.TaskID]V) []processor.TaskID {
	ids := make([]processor.TaskID, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, compareTasks)
	return ids
}
