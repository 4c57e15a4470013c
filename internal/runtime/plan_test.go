package runtime

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/processor"
)

// plannedTasks are tasks of subtopologies that have n[sub] partitions and read
// inputs[sub] topics each.
func plannedTasks(n, inputs []int) []plannedTask {
	var tasks []plannedTask
	for sub := range n {
		for p := range int32(n[sub]) {
			t := plannedTask{id: processor.TaskID{Subtopology: sub, Partition: p}}
			for in := range inputs[sub] {
				t.inputs = append(t.inputs, tp{fmt.Sprintf("s%d-%d", sub, in), p})
			}
			tasks = append(tasks, t)
		}
	}
	return tasks
}

// fakeGroup plays the members of a group: each gives up what it is not
// assigned any more and owns what it is.
type fakeGroup struct {
	tasks      []plannedTask
	members    []member
	generation int32
}

func (g *fakeGroup) join(id, instance string, started int64) *member {
	g.members = append(g.members, member{
		peer:  peer{member: id, instance: instance, started: started, positions: make(map[processor.TaskID]int64)},
		owned: make(map[tp]bool), generation: -1,
	})
	return &g.members[len(g.members)-1]
}

// rebalance plans once. It reports whether anyone had to give something up,
// which makes the members join again.
func (g *fakeGroup) rebalance(t rapid.TB) (again bool) {
	planned := make([]member, len(g.members))
	for i, m := range g.members {
		planned[i] = m
		planned[i].owned = maps.Clone(m.owned)
	}
	given := byMember(plan(g.tasks, planned))
	holder := make(map[processor.TaskID]string)
	for id, tasks := range given {
		for _, task := range tasks {
			if other, twice := holder[task.id]; twice {
				t.Fatalf("task %s was given to %s and to %s", task.id, other, id)
			}
			holder[task.id] = id
			for i := range g.members {
				if o := &g.members[i]; o.member != id && o.claims(task) {
					t.Fatalf("task %s was given to %s while %s claims it", task.id, id, o.member)
				}
			}
		}
	}
	g.generation++
	for i := range g.members {
		m := &g.members[i]
		owned := make(map[tp]bool)
		for _, task := range given[m.member] {
			for _, p := range task.inputs {
				owned[p] = true
			}
		}
		for p := range m.owned {
			again = again || !owned[p]
		}
		m.owned, m.generation = owned, g.generation
	}
	return again
}

// settle rebalances until nobody gives anything up, which may take two rounds
// and no more.
func (g *fakeGroup) settle(t rapid.TB) {
	for range 2 {
		if !g.rebalance(t) {
			return
		}
	}
	if g.rebalance(t) {
		t.Fatal("members still give up tasks in the third round")
	}
}

// loads are the numbers of tasks by member id. Every task must be held whole,
// by one member.
func (g *fakeGroup) loads(t rapid.TB) map[string]int {
	loads := make(map[string]int)
	for _, task := range g.tasks {
		holders := 0
		for i := range g.members {
			m := &g.members[i]
			n := 0
			for _, p := range task.inputs {
				if m.owned[p] {
					n++
				}
			}
			if n != 0 && n != len(task.inputs) {
				t.Fatalf("member %s has %d of the %d inputs of task %s", m.member, n, len(task.inputs), task.id)
			}
			if n > 0 {
				holders++
				loads[m.member]++
			}
		}
		if holders != 1 {
			t.Fatalf("task %s is held by %d members", task.id, holders)
		}
	}
	return loads
}

// holders says who has each task.
func (g *fakeGroup) holders() map[processor.TaskID]string {
	m := make(map[processor.TaskID]string)
	for _, task := range g.tasks {
		for i := range g.members {
			if g.members[i].claims(task) {
				m[task.id] = g.members[i].member
			}
		}
	}
	return m
}

func byMember(a assignments) map[string][]plannedTask {
	m := make(map[string][]plannedTask)
	for _, one := range a {
		m[one.member] = one.tasks
	}
	return m
}

func spread(loads map[string]int, members []member) int {
	low, high := int(^uint(0)>>1), 0
	for _, m := range members {
		low, high = min(low, loads[m.member]), max(high, loads[m.member])
	}
	return high - low
}

// most is how many tasks could stay where they are if the loads of the
// remaining members were evened out and nothing else were wanted.
func most(before map[processor.TaskID]string, members []member) int {
	n := make(map[string]int)
	for _, id := range before {
		n[id]++
	}
	floor, extra := len(before)/len(members), len(before)%len(members)
	kept := 0
	for _, m := range members {
		kept += min(n[m.member], floor)
		if n[m.member] > floor && extra > 0 {
			kept++
			extra--
		}
	}
	return kept
}

// TestPlanOfAnyGroup lets members with state here and there join and leave a
// group of tasks, and checks what plan promises after each change.
func TestPlanOfAnyGroup(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		subs := rapid.IntRange(1, 4).Draw(t, "subtopologies")
		n, inputs := make([]int, subs), make([]int, subs)
		for i := range subs {
			n[i], inputs[i] = rapid.IntRange(1, 9).Draw(t, "partitions"), rapid.IntRange(1, 3).Draw(t, "inputs")
		}
		g := &fakeGroup{tasks: plannedTasks(n, inputs)}
		joined := 0
		for range rapid.IntRange(1, 8).Draw(t, "changes") {
			before := g.holders()
			for range rapid.IntRange(0, min(2, len(g.members))).Draw(t, "leave") {
				at := rapid.IntRange(0, len(g.members)-1).Draw(t, "who")
				g.members = slices.Delete(g.members, at, at+1)
			}
			for range rapid.IntRange(0, 2).Draw(t, "join") {
				m := g.join(fmt.Sprintf("m%d", joined), fmt.Sprintf("i%d", joined), int64(joined))
				joined++
				for _, task := range g.tasks {
					if rapid.IntRange(0, 3).Draw(t, "state") == 0 {
						m.positions[task.id] = rapid.Int64Range(1, 1000).Draw(t, "position")
					}
				}
			}
			if len(g.members) == 0 {
				continue
			}
			g.settle(t)
			if s := spread(g.loads(t), g.members); s > 1 {
				t.Fatalf("one member has %d tasks more than another: %v", s, g.loads(t))
			}
			after := g.holders()
			kept := 0
			for id, was := range before {
				if after[id] == was {
					kept++
				}
			}
			if len(before) > 0 && kept < most(before, g.members) {
				t.Fatalf("%d tasks stayed, %d could have", kept, most(before, g.members))
			}
			g.settle(t)
			if d := cmp.Diff(after, g.holders()); d != "" {
				t.Fatalf("tasks moved although nothing had changed:\n%s", d)
			}
		}
	})
}

// TestPlanWithStaleClaims gives members claims that cannot all be true, as
// after a rebalance that some of them missed: plan must not give a task to
// anyone while somebody else still claims it, and must come to an end.
func TestPlanWithStaleClaims(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := &fakeGroup{tasks: plannedTasks([]int{5, 3}, []int{2, 1})}
		for i := range rapid.IntRange(1, 4).Draw(t, "members") {
			m := g.join(fmt.Sprintf("m%d", i), fmt.Sprintf("i%d", i), int64(i))
			m.generation = rapid.Int32Range(-1, 3).Draw(t, "generation")
			for _, task := range g.tasks {
				for _, p := range task.inputs {
					if rapid.IntRange(0, 2).Draw(t, "claim") == 0 {
						m.owned[p] = true
					}
				}
			}
		}
		g.settle(t)
		if s := spread(g.loads(t), g.members); s > 1 {
			t.Fatalf("one member has %d tasks more than another: %v", s, g.loads(t))
		}
	})
}

func TestPlanKeepsATaskWithTheNewestClaim(t *testing.T) {
	g := &fakeGroup{tasks: plannedTasks([]int{2}, []int{1})}
	g.join("a", "ia", 1).owned[tp{"s0-0", 0}] = true
	g.members[0].generation = 4
	g.join("b", "ib", 1).owned[tp{"s0-0", 0}] = true
	g.members[1].generation = 5
	g.settle(t)
	if got := g.holders()[processor.TaskID{}]; got != "b" {
		t.Fatalf("the task is with %s", got)
	}
}

// TestPlanPutsTasksWhereTheirStateIs has two newcomers, of which each holds
// the state of half of the tasks, the other one older copies of it.
func TestPlanPutsTasksWhereTheirStateIs(t *testing.T) {
	g := &fakeGroup{tasks: plannedTasks([]int{6}, []int{1})}
	g.join("a", "ia", 1)
	g.join("b", "ib", 1)
	want := make(map[processor.TaskID]string)
	for i, task := range g.tasks {
		at := i % 2
		want[task.id] = g.members[at].member
		g.members[at].positions[task.id] = 100
		g.members[1-at].positions[task.id] = 99
	}
	g.settle(t)
	if d := cmp.Diff(want, g.holders()); d != "" {
		t.Fatal(d)
	}
}

func TestPlanSpreadsEachSubtopology(t *testing.T) {
	g := &fakeGroup{tasks: plannedTasks([]int{4, 4}, []int{1, 1})}
	g.join("a", "ia", 1)
	g.join("b", "ib", 1)
	g.settle(t)
	n := make(map[string]int)
	for id, m := range g.holders() {
		n[fmt.Sprint(m, id.Subtopology)]++
	}
	if d := cmp.Diff(map[string]int{"a0": 2, "a1": 2, "b0": 2, "b1": 2}, n); d != "" {
		t.Fatal(d)
	}
}

// TestPlanOfTwins has a member, a stranger, and a second one with the first
// one's instance id. The one that was started last takes over, but only after
// the other has let go.
func TestPlanOfTwins(t *testing.T) {
	g := &fakeGroup{tasks: plannedTasks([]int{4}, []int{1})}
	g.join("old", "twin", 1)
	g.join("other", "other", 1)
	g.settle(t)
	g.join("new", "twin", 2)
	planned := plan(g.tasks, slices.Clone(g.members))
	for _, m := range planned {
		if refused := m.refused != ""; refused != (m.member == "old") {
			t.Errorf("member %s refused: %t", m.member, refused)
		}
	}
	if n := len(byMember(planned)["new"]); n != 0 {
		t.Errorf("the newcomer got %d tasks that its twin still owns", n)
	}
	g.settle(t)
	if d := cmp.Diff(map[string]int{"new": 2, "other": 2}, g.loads(t)); d != "" {
		t.Error(d)
	}
	for _, a := range planned.IntoSyncAssignment() {
		got := kmsg.NewConsumerMemberAssignment()
		if err := got.ReadFrom(a.MemberAssignment); err != nil {
			t.Fatal(err)
		}
		peers, refused, err := parseRoster(got.UserData)
		if err != nil || (refused != "") != (a.MemberID == "old") || len(peers) != 2 {
			t.Errorf("member %s is told of %d peers, refused %q, err %v", a.MemberID, len(peers), refused, err)
		}
	}
}
