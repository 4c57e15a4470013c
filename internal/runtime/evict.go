package runtime

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// clientID names the group's client. It is how a later run of this instance
// finds the membership that this one leaves behind if it is killed.
func (i *Instance) clientID() string { return fmt.Sprintf("%s-%s", i.cfg.App, i.id) }

// evict takes memberships of this instance out of the group: those of earlier
// runs before it joins, its own when it could not leave in time. The group would
// wait for them in every rebalance, and nobody would get their tasks, until
// their session time-out is over. They are dead: the state folder is locked, and
// the transactions are fenced or settled. What can't be done is left to that
// time-out.
func (i *Instance) evict(ctx context.Context, reason string) {
	groups, err := i.adm.DescribeGroups(ctx, i.cfg.App)
	if err != nil {
		i.log.Warn("look for memberships left behind", "err", err)
		return
	}
	req := kmsg.NewPtrLeaveGroupRequest()
	req.Group = i.cfg.App
	for _, m := range groups[i.cfg.App].Members {
		if m.ClientID != i.clientID() {
			continue
		}
		gone := kmsg.NewLeaveGroupRequestMember()
		gone.MemberID = m.MemberID
		gone.Reason = kmsg.StringPtr(reason)
		req.Members = append(req.Members, gone)
	}
	if len(req.Members) == 0 {
		return
	}
	if _, err := req.RequestWith(ctx, i.admin); err != nil {
		i.log.Warn("take a membership left behind out of the group", "err", err)
		return
	}
	i.log.Info("took a membership left behind out of the group", "members", len(req.Members))
}
