package runtime

import (
	"context"
	"time"
	"unicode/utf16"

	"github.com/millrace-io/millrace/changelog"
)

// unstable reports offsets that stay pending for longer than any transaction
// may: their markers were lost (KAFKA-20734), and no waiting helps.
func (i *Instance) unstable(tps []tp, since *time.Time) {
	limit := i.cfg.TransactionTimeout + stuckGrace
	if i.now().Sub(*since) < limit {
		return
	}
	*since = i.now()
	for _, p := range tps {
		i.background.Go(func() { i.reportPending(p, limit) })
	}
}

// reportPending logs which producers hold offsets of the group pending: those
// with an open transaction in the group's partition of __consumer_offsets.
func (i *Instance) reportPending(p tp, limit time.Duration) {
	ctx, cancel := context.WithTimeout(i.abortCtx, 5*time.Second)
	defer cancel()
	i.log.Error("committed offsets stay pending longer than any transaction may", "topic", p.topic, "partition", p.partition,
		"longer_than", limit, "hint", stuckHint)
	topics, err := i.adm.ListTopics(ctx, offsetsTopic)
	if err != nil || len(topics[offsetsTopic].Partitions) == 0 {
		return
	}
	i.reportOpen(ctx, tp{offsetsTopic, groupPartition(i.cfg.App, int32(len(topics[offsetsTopic].Partitions)))})
}

// stuckHint is what operators need to know about KAFKA-20734.
const stuckHint = "a broker may have lost the markers of a transaction (KAFKA-20734, Kafka 4.3.0 and 4.3.1); no waiting cures that. " +
	"Look up with kafka-transactions.sh whether the producer named next committed, and write the marker of that outcome: an abort would drop committed offsets"

// reportOpen logs the transactions that are open in a partition.
func (i *Instance) reportOpen(ctx context.Context, p tp) {
	open, err := changelog.OpenTransactions(ctx, i.admin, p.topic, p.partition)
	if err != nil {
		i.log.Error("look up open transactions", "topic", p.topic, "partition", p.partition, "err", err)
		return
	}
	for _, o := range open {
		i.log.Error("open transaction", "topic", p.topic, "partition", p.partition,
			"producer_id", o.ProducerID, "producer_epoch", o.ProducerEpoch, "start_offset", o.Start)
	}
}

// stableWatch follows the last stable offset of an input that has more behind
// it.
type stableWatch struct {
	at    int64
	since time.Time
}

// checkStable reports inputs whose last stable offset stands still for longer
// than any transaction may last, although there is more behind it.
func (i *Instance) checkStable(ctx context.Context) {
	asked := make(map[string][]int32)
	for _, h := range i.running() {
		for _, p := range h.inputs {
			asked[p.topic] = append(asked[p.topic], p.partition)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, brokerInterval)
	defer cancel()
	stable := changelog.OffsetsAtEnd(ctx, i.admin, asked, changelog.ReadCommitted)
	ends := changelog.OffsetsAtEnd(ctx, i.admin, asked, changelog.ReadUncommitted)
	limit := i.cfg.TransactionTimeout + stuckGrace
	seen := make(map[tp]stableWatch)
	for p := range eachTP(asked) {
		at, end := stable[p.topic][p.partition], ends[p.topic][p.partition]
		if at.Err != nil || end.Err != nil || at.Offset >= end.Offset {
			continue
		}
		w, ok := i.unmoved[p]
		if !ok || w.at != at.Offset {
			w = stableWatch{at.Offset, i.now()}
		}
		if i.now().Sub(w.since) > limit {
			i.log.Error("the last stable offset of an input stands still: nothing behind it can be read",
				"topic", p.topic, "partition", p.partition, "last_stable_offset", at.Offset, "end", end.Offset, "hint", stuckHint)
			i.reportOpen(ctx, p)
			w.since = i.now()
		}
		seen[p] = w
	}
	i.unmoved = seen
}

const offsetsTopic = "__consumer_offsets"

// groupPartition is the partition of __consumer_offsets that holds a group:
// Java's String.hashCode of its id, made positive.
func groupPartition(group string, partitions int32) int32 {
	var h int32
	for _, c := range utf16.Encode([]rune(group)) {
		h = 31*h + int32(c)
	}
	return (h & 0x7fffffff) % partitions
}
