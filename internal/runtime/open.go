package runtime

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/changelog"
	"github.com/millrace-io/millrace/state"
)

// open connects, and makes everything that Run needs.
func (i *Instance) open(ctx context.Context) (err error) {
	i.db, err = i.cfg.State.Open(ctx, state.Options{
		App: i.cfg.App, CacheBytes: i.cfg.CacheBytes, MemtableBytes: i.cfg.MemtableBytes, Logger: i.cfg.Logger,
	})
	if err != nil {
		return err
	}
	if err := i.identify(); err != nil {
		return err
	}
	i.admin, err = kgo.NewClient(i.baseOpts()...)
	if err != nil {
		return err
	}
	i.adm = kadm.NewClient(i.admin)
	if err := i.checkBrokers(ctx); err != nil {
		return err
	}
	l, err := i.prepare(ctx)
	if err != nil {
		return err
	}
	i.topics.Store(l)
	i.checkCalls()
	if err := i.openGlobals(); err != nil {
		return err
	}
	i.restorer = changelog.NewRestorer(i.admin, changelog.Options{Logger: i.log, StuckAfter: i.cfg.TransactionTimeout + stuckGrace})
	i.workerBytes = i.cfg.OutboxBytes / int64(i.cfg.Workers*(i.cfg.InFlight+1))
	i.fetcher = newFetcher(i)
	highest, err := i.workerHighWater()
	if err != nil {
		return err
	}
	if err := i.makeWorkers(ctx, highest); err != nil {
		return err
	}
	i.evict(ctx, "the instance was started again")
	i.link = newGroupLink()
	i.balancer = &balancer{layout: i.layout, self: func() peer { return i.self(highest) }}
	// The client joins while it is being made: its first callback must not
	// come before i.group is there.
	i.inCallback(func() { i.group, err = kgo.NewClient(i.groupOpts()...) })
	return err
}

// makeWorkers makes the workers with their producing clients, and fences all
// transactional ids that this instance has ever used.
func (i *Instance) makeWorkers(ctx context.Context, highest int) error {
	var old []string
	for n := range highest {
		var w *worker
		if n < i.cfg.Workers {
			w = newWorker(i, n)
			i.workers = append(i.workers, w)
		}
		if !i.cfg.ExactlyOnce {
			if w != nil {
				w.slots = append(w.slots, &slot{make: i.makeProducer("")})
			}
			continue
		}
		for s := range slotCount {
			id := transactionalID(i.cfg.App, i.id, n, s)
			old = append(old, id)
			if w != nil && s < i.slots() {
				w.slots = append(w.slots, &slot{id: id, make: i.makeProducer(id)})
			}
		}
	}
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		err := i.fence(ctx, old)
		if err == nil || ctx.Err() != nil || fatalBroker(err) {
			return err
		}
		i.log.Warn("fence transactions of an earlier run", "err", err)
		if !sleep(ctx, pause) {
			return err
		}
	}
}

// slotCount is how many transactional ids a worker may have; slots how many it
// uses. A client is not good for the next transaction until the markers of its
// last are written, some 3 ms after its end: with short intervals it takes a
// third (R1).
const slotCount = 3

func (i *Instance) slots() int {
	if i.cfg.CommitInterval < 10*time.Millisecond {
		return slotCount
	}
	return 2
}

func (i *Instance) makeProducer(id string) func() (*kgo.Client, error) {
	return func() (*kgo.Client, error) { return kgo.NewClient(i.producerOpts(id)...) }
}
