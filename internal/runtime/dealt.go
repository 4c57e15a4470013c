package runtime

import (
	"context"
	"slices"
)

// dealt asks the broker whether the group is at rest: no rebalance is under way,
// each input has an owner, and those that are ours belong to our tasks. In a
// cooperative rebalance (KIP-429) a task that its owner has given back is nobody's
// until the next one.
func (i *Instance) dealt(ctx context.Context, inputs []tp, tasks map[tp]*handle) (bool, error) {
	groups, err := i.adm.DescribeGroups(ctx, i.cfg.App)
	if err == nil {
		err = groups.Error()
	}
	group := groups[i.cfg.App]
	if err != nil || group.State != "Stable" {
		return false, err
	}
	me, _ := i.group.GroupMetadata()
	member, owned := false, make(map[tp]bool)
	for _, m := range group.Members {
		member = member || m.MemberID == me
		assigned, ok := m.Assigned.AsConsumer()
		if !ok {
			continue
		}
		for _, t := range assigned.Topics {
			for _, p := range t.Partitions {
				at := tp{t.Topic, p}
				owned[at] = m.MemberID != me || tasks[at] != nil
			}
		}
	}
	return member && !slices.ContainsFunc(inputs, func(p tp) bool { return !owned[p] }), nil
}
