package runtime

import (
	"fmt"
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace-io/millrace/processor"
)

// protocolName is the group protocol that all members speak. It must never be
// changed for another one in a running group: members that do not share a
// protocol can't join.
const protocolName = "millrace"

// balancer is the cooperative assignor of the group. It moves tasks, not
// partitions: all inputs of a task go together, and if one of them must first
// be given up by its owner, all of them wait.
//
// The client asks one balancer per member; the leader's plans for everyone.
type balancer struct {
	layout func() *layout
	self   func() peer

	mu      sync.Mutex // guards what the last assignment said
	roster  []peer
	refused string
}

var (
	_ kgo.GroupBalancer           = (*balancer)(nil)
	_ kgo.ConsumerBalancerBalance = (*balancer)(nil)
)

// ProtocolName implements kgo.GroupBalancer.
func (b *balancer) ProtocolName() string { return protocolName }

// IsCooperative implements kgo.GroupBalancer.
func (b *balancer) IsCooperative() bool { return true }

// JoinGroupMetadata says what this member reads, owns and is.
func (b *balancer) JoinGroupMetadata(topics []string, current map[string][]int32, generation int32) []byte {
	meta := kmsg.NewConsumerMemberMetadata()
	meta.Version = 3
	meta.Topics = topics
	meta.Generation = generation
	meta.UserData = appendJoin(nil, b.self())
	for _, topic := range sortedKeys(current) {
		owned := kmsg.NewConsumerMemberMetadataOwnedPartition()
		owned.Topic, owned.Partitions = topic, slices.Sorted(slices.Values(current[topic]))
		meta.OwnedPartitions = append(meta.OwnedPartitions, owned)
	}
	return meta.AppendTo(nil)
}

// ParseSyncAssignment keeps the roster that comes with an assignment.
func (b *balancer) ParseSyncAssignment(assignment []byte) (map[string][]int32, error) {
	var a kmsg.ConsumerMemberAssignment
	if err := a.ReadFrom(assignment); err != nil {
		return nil, fmt.Errorf("group assignment: %w", err)
	}
	roster, refused, err := parseRoster(a.UserData)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	b.roster, b.refused = roster, refused
	b.mu.Unlock()
	m := make(map[string][]int32, len(a.Topics))
	for _, t := range a.Topics {
		m[t.Topic] = t.Partitions
	}
	return m, nil
}

func (b *balancer) lastRoster() (roster []peer, refused string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.roster, b.refused
}

// MemberBalancer implements kgo.GroupBalancer.
func (b *balancer) MemberBalancer(members []kmsg.JoinGroupResponseMember) (kgo.GroupMemberBalancer, map[string]struct{}, error) {
	cb, err := kgo.NewConsumerBalancer(b, members)
	return cb, cb.MemberTopics(), err
}

// Balance plans for the whole group.
func (b *balancer) Balance(cb *kgo.ConsumerBalancer, partitions map[string]int32) kgo.IntoSyncAssignment {
	var members []member
	cb.EachMember(func(m *kmsg.JoinGroupResponseMember, meta *kmsg.ConsumerMemberMetadata) {
		p, err := parseJoin(meta.UserData)
		if err != nil {
			cb.SetError(err)
			return
		}
		p.member = m.MemberID
		one := member{peer: p, generation: meta.Generation, owned: make(map[tp]bool)}
		for _, o := range meta.OwnedPartitions {
			for _, part := range o.Partitions {
				one.owned[tp{o.Topic, part}] = true
			}
		}
		members = append(members, one)
	})
	return plan(b.layout().planned(partitions), members)
}

// plannedTask is a task to be given to someone.
type plannedTask struct {
	id     processor.TaskID
	inputs []tp
}

// planned lists all tasks, in order of id.
func (l *layout) planned(partitions map[string]int32) []plannedTask {
	var tasks []plannedTask
	for _, sub := range l.graph.Subtopologies {
		for p := range int32(l.counts.Tasks[sub.ID]) {
			t, ok := l.task(sub, p)
			if !ok {
				continue
			}
			// A topic that is gone has no partitions to give.
			gone := func(in tp) bool { return p >= partitions[in.topic] }
			tasks = append(tasks, plannedTask{t.id, slices.DeleteFunc(t.inputs(), gone)})
		}
	}
	return tasks
}
