package runtime

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace-io/millrace/changelog"
	"github.com/millrace-io/millrace/status"
)

// The intervals of what is looked after beside the processing.
const (
	brokerInterval = 2 * time.Second
	// stuckGrace is how long after a transaction's time-out a coordinator may
	// take to abort it: it looks every 10 s.
	stuckGrace = 10 * time.Second
)

// watch looks after what has no place on the way of records, until ctx ends.
func (i *Instance) watch(ctx context.Context) {
	i.dropUnused()
	tick := time.NewTicker(brokerInterval)
	defer tick.Stop()
	last := i.now()
	for {
		i.refreshState()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if err := i.calls.check(i.now(), i.cfg.TransactionTimeout); err != nil {
			i.fail(err)
			return
		}
		i.pingBrokers(ctx)
		i.checkWaits(ctx)
		if i.now().Sub(last) >= i.cfg.Housekeeping {
			last = i.now()
			i.purge(ctx)
			i.followGrowth(ctx)
			i.touchStores()
			i.dropUnused()
			i.checkStable(ctx)
			i.warnOfAge()
		}
	}
}

// refreshState derives the state from the tasks, while the instance is up. Any
// goroutine may call it when something has changed.
func (i *Instance) refreshState() {
	from := i.State()
	if from == status.Stopping || from == status.Stopped || from == status.Failed || i.drain.Load() {
		return
	}
	to := status.Running
	for _, h := range *i.held.Load() {
		if h.phase.Load() < phaseRunning {
			to = status.Restoring
		}
	}
	if m := i.figures.member.Load(); m == nil || *m == "" {
		to = status.Rebalancing
	}
	if from != to && i.state.CompareAndSwap(from, to) { // else it is stopping by now
		i.stateChanged(from, to, nil)
	}
}

// pingBrokers notes whether any broker answers. Nothing else depends on it
// than readiness: all work waits for brokers by itself.
func (i *Instance) pingBrokers(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, brokerInterval)
	defer cancel()
	req := kmsg.NewPtrMetadataRequest()
	req.Topics = []kmsg.MetadataRequestTopic{}
	_, err := req.RequestWith(ctx, i.admin)
	if ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	if away := err != nil; i.brokersAway.Swap(away) != away {
		if away {
			i.log.Warn("no broker answers; retrying until one does", "err", err)
		} else {
			i.log.Info("brokers answer again")
		}
	}
}

// minKafka is told to users of brokers that lack what transactions need.
const minKafka = "3.0"

// checkBrokers finds out what the cluster can do.
func (i *Instance) checkBrokers(ctx context.Context) error {
	// A client's own patience would keep the reason from the log for half a
	// minute.
	cl, err := kgo.NewClient(append(i.baseOpts(), kgo.RequestRetries(0))...)
	if err != nil {
		return err
	}
	defer cl.Close()
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		resp, err := kmsg.NewPtrApiVersionsRequest().RequestWith(ctx, cl)
		if err == nil {
			return i.checkVersions(resp)
		}
		if ctx.Err() != nil || fatalBroker(err) || !brokerAway(err) {
			return fmt.Errorf("connect to Kafka: %w (addresses are Config.Brokers; TLS, SASL and credentials are options in Config.Client)", err)
		}
		i.brokersAway.Store(true)
		i.log.Warn("no broker answers, trying again", "err", err)
		if !sleep(ctx, pause) {
			return ctx.Err()
		}
	}
}

func (i *Instance) checkVersions(resp *kmsg.ApiVersionsResponse) error {
	i.brokersAway.Store(false)
	most := make(map[int16]int16)
	for _, k := range resp.ApiKeys {
		most[k.ApiKey] = k.MaxVersion
	}
	// ListOffsets 7 and InitProducerID 4 came with 3.0 and 2.7.
	if most[int16(kmsg.ListOffsets)] < 7 || most[int16(kmsg.InitProducerID)] < 4 || most[int16(kmsg.TxnOffsetCommit)] < 3 {
		return fmt.Errorf("the brokers are too old: Kafka %s or later is needed", minKafka)
	}
	for _, f := range resp.FinalizedFeatures {
		if f.Name == "transaction.version" && f.MaxVersionLevel >= 2 {
			i.tv2 = most[int16(kmsg.TxnOffsetCommit)] >= 5 && most[int16(kmsg.EndTxn)] >= 5 && most[int16(kmsg.Produce)] >= 12
		}
	}
	return nil
}

// checkWaits looks at the inputs that tasks wait for. If all that is left in
// one is what readers never get to see, aborted records or what compaction has
// emptied, then no fetch will ever say that its end is reached.
func (i *Instance) checkWaits(ctx context.Context) {
	for _, h := range i.running() {
		p := h.pub.Load()
		if p == nil || !h.waiting.Load() {
			continue
		}
		for _, in := range p.Inputs {
			at, end := in.Position.Load(), h.ends[in.Topic].Load()
			if in.BufferedRecords.Load() > 0 || at < 0 || at >= end {
				continue
			}
			ctx, cancel := context.WithTimeout(ctx, brokerInterval)
			next, err := changelog.NextPosition(ctx, i.admin, in.Topic, h.id.Partition, at, end)
			cancel()
			if err != nil || next < end {
				continue
			}
			h.worker.box.post(func() {
				if h.phase.Load() == phaseRunning {
					h.task.SetLag(in.Topic, 0)
				}
			})
		}
	}
}

// purge deletes what has been processed from repartition topics, which keep
// records for ever otherwise. Each instance does so for its own tasks, as far as
// both the broker and the task know it as committed: a task whose commit has
// failed goes back, even if the broker has taken the offsets.
func (i *Instance) purge(ctx context.Context) {
	known := make(map[tp]int64)
	for _, h := range i.running() {
		for _, in := range h.pub.Load().Inputs {
			if i.layout().source[in.Topic].Source.Repartition != nil {
				known[tp{in.Topic, h.id.Partition}] = in.Committed.Load()
			}
		}
	}
	if len(known) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, i.cfg.Housekeeping/2)
	defer cancel()
	found, err := i.stableOffsets(ctx, slices.Collect(maps.Keys(known)))
	if err != nil {
		return // the next one takes it up
	}
	offsets := make(kadm.Offsets)
	for p, c := range found {
		if at := min(c.offset, known[p]); at > 0 {
			offsets.Add(kadm.Offset{Topic: p.topic, Partition: p.partition, At: at, LeaderEpoch: -1})
		}
	}
	done, err := i.adm.DeleteRecords(ctx, offsets)
	if err == nil {
		err = done.Error()
	}
	if err != nil && ctx.Err() == nil {
		i.log.Warn("delete processed records of repartition topics", "err", err,
			"hint", "the topics grow until this works; it needs the right to delete records")
	}
}

// dropUnused deletes the state of tasks that left this instance too long ago,
// or that the topology has no more.
func (i *Instance) dropUnused() {
	stored, err := i.db.Stored()
	if err != nil {
		i.log.Warn("list stored state", "err", err)
		return
	}
	for _, s := range stored {
		if s.LastUsed.IsZero() || i.now().Sub(s.LastUsed) < i.cfg.StateRetention {
			continue
		}
		if err := i.db.Drop(s.ID); err == nil {
			i.log.Info("dropped state that was not used for long", "store", s.ID.Name, "partition", s.ID.Partition, "last_used", s.LastUsed)
		}
	}
}
