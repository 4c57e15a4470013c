package runtime

import (
	"context"

	"github.com/millrace-io/millrace/processor"
)

// dealt asks the broker whether the group is at rest: no rebalance is under way,
// each input has an owner, and those that are ours belong to tasks that we hold.
// In a cooperative rebalance (KIP-429) a task that its owner has given back is
// nobody's until the next one.
func (i *Instance) dealt(ctx context.Context, held map[processor.TaskID]*handle) (bool, error) {
	groups, err := i.adm.DescribeGroups(ctx, i.cfg.App)
	if err == nil {
		err = groups.Error()
	}
	group := groups[i.cfg.App]
	if err != nil || group.State != "Stable" {
		return false, err
	}
	ours := make(map[tp]bool)
	for _, h := range held {
		for _, p := range h.inputs {
			ours[p] = true
		}
	}
	me, _ := i.group.GroupMetadata()
	member, owned := false, make(map[tp]bool)
	for _, m := range group.Members {
		member = member || m.MemberID == me
		assigned, _ := m.Assigned.AsConsumer()
		if assigned == nil {
			continue
		}
		for _, t := range assigned.Topics {
			for _, p := range t.Partitions {
				owned[tp{t.Topic, p}] = m.MemberID != me || ours[tp{t.Topic, p}]
			}
		}
	}
	for _, stage := range i.stages() {
		for _, p := range stage {
			if !owned[p] {
				return false, nil
			}
		}
	}
	return member, nil
}
