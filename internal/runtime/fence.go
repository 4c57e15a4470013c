package runtime

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"
)

// fence takes over transactional ids for a moment: whatever transaction is
// open under them is aborted at once, and clients that still use them find
// that they are fenced. Without it an open transaction holds up every reader
// of its partitions until the broker's time-out, some ten seconds later.
func (i *Instance) fence(ctx context.Context, ids []string) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for _, id := range ids {
		group.Go(func() error {
			cl, err := kgo.NewClient(i.producerOpts(id)...)
			if err != nil {
				return err
			}
			defer cl.Close()
			if _, _, err := cl.ProducerID(ctx); err != nil {
				return fmt.Errorf("fence transactional id %s: %w", id, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// fenceTimeout bounds fencing inside of a callback; what it leaves undone,
// the brokers' transaction time-out does.
const fenceTimeout = 5 * time.Second

// fenceVanished fences the members that were in the group before and are not
// any more. All survivors that got partitions do so: to fence twice is
// harmless, and the one chosen might vanish next.
func (i *Instance) fenceVanished(gained bool) {
	roster, refused := i.balancer.lastRoster()
	if refused != "" {
		i.fail(fmt.Errorf("the group refused this instance: %s", refused))
		i.abort() // the one that was started later has fenced us: a commit would fence it
	}
	if roster == nil {
		return
	}
	var ids []string
	for _, old := range i.members.roster {
		if old.instance == i.id || slices.ContainsFunc(roster, func(p peer) bool { return p.instance == old.instance }) {
			continue
		}
		ids = append(ids, old.transactionalIDs(i.cfg.App)...)
	}
	i.members.roster = roster
	if !gained || len(ids) == 0 || !i.cfg.ExactlyOnce {
		return
	}
	ctx, cancel := context.WithTimeout(i.abortCtx, fenceTimeout)
	defer cancel()
	if err := i.fence(ctx, ids); err != nil {
		i.log.Warn("fence members that have vanished", "err", err)
	}
}
