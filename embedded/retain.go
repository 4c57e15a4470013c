package embedded

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

const (
	retentionInterval = time.Minute
	adminTimeout      = 10 * time.Second // of requests to ourselves
)

// retain applies the topics' retention until Close.
func (b *Broker) retain() {
	tick := time.NewTicker(retentionInterval)
	defer tick.Stop()
	for {
		select {
		case <-b.stop:
			return
		case <-b.done:
			return
		case <-tick.C:
			if err := b.applyRetention(); err != nil {
				b.cfg.Logger.Warn("embedded broker: retention put off", "error", err)
			}
		}
	}
}

// applyRetention deletes what topics no longer keep. kfake restores the end of
// an emptied log as zero, so the ends are journaled first, and no log may grow
// in between.
func (b *Broker) applyRetention() error {
	b.compacting.Lock()
	defer b.compacting.Unlock()
	if b.cfg.Dir == "" {
		b.cluster.ApplyRetention()
		return nil
	}
	topics, err := readTopics(b.cfg.Dir)
	if err != nil {
		return err
	}
	ids := make(map[string]string)
	for _, t := range topics {
		if t.Configs["retention.ms"] != "" || t.Configs["retention.bytes"] != "" {
			ids[t.Name] = t.ID
		}
	}
	if len(ids) == 0 {
		return nil
	}
	frozen := b.freeze()
	defer frozen.Remove()
	ctx, cancel := context.WithTimeout(context.Background(), adminTimeout)
	defer cancel()
	ends, err := b.admin.ListEndOffsets(ctx, slices.Collect(maps.Keys(ids))...)
	if err != nil {
		return err
	}
	ends.Each(func(o kadm.ListedOffset) {
		if o.Err == nil && err == nil {
			err = b.journal.append(entry{Floor: &floorEntry{TopicID: ids[o.Topic], Partition: o.Partition, End: o.Offset}})
		}
	})
	if err == nil {
		b.cluster.ApplyRetention()
	}
	return err
}
