package runtime

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/millrace-io/millrace/state"
)

// globalMeta is what the database's metadata keep of a global table.
type globalMeta struct {
	Version int    `json:"version"`
	Topic   []byte `json:"topic_id"`
	// Fill is the Next of the store's position if both belong together.
	Fill int64 `json:"fill"`
	// Current is a time in Unix milliseconds at which the table was complete,
	// or a first fill began.
	Current int64   `json:"current_ms"`
	Next    []int64 `json:"next"`  // offsets by partition
	Times   []int64 `json:"times"` // the highest event times by partition, -1 for none
}

const globalMetaVersion = 1

// readGlobalMeta reads what keep has written. What another version has written,
// or nobody, is as good as nothing.
func readGlobalMeta(b []byte) (meta globalMeta, ok bool) {
	err := json.Unmarshal(b, &meta)
	return meta, err == nil && meta.Version == globalMetaVersion && len(meta.Times) == len(meta.Next)
}

func (g *global) metaKey() string { return "global:" + g.spec.Name }

// storePosition goes with every batch of rows.
func (g *global) storePosition() state.Position {
	return state.Position{TopicID: g.id, Next: g.fill, CurrentAt: g.current.Load()}
}

// begin finds out where to read on, and drops what is stored if that is not
// good enough. It sets the first mark.
func (g *global) begin(ctx context.Context) error {
	partitions, err := g.awaitTopic(ctx)
	if err != nil {
		return err
	}
	tps := g.tps(partitions)
	now := g.inst.now()
	logs, err := g.inst.logBounds(ctx, tps)
	if err != nil {
		return fmt.Errorf("global table %s: %w", g.spec.Name, err)
	}
	retention := g.inst.deleteRetention(ctx, g.spec.Topic())
	meta, why, err := g.judge(ctx, tps, logs, now, retention)
	if err != nil {
		return err
	}
	if why != "" {
		if meta, err = g.drop(now); err != nil {
			return err
		}
	}
	g.fill, g.next, g.mark, g.at = meta.Fill, meta.Next, nil, now
	g.current.Store(meta.Current)
	for p, t := range meta.Times {
		g.rows.SetTime(int32(p), t)
	}
	var from, end int64
	for _, p := range tps {
		if int(p.partition) == len(g.next) { // it is new, and so is all in it
			g.next = append(g.next, logs[p].start)
		}
		g.mark = append(g.mark, logs[p].stable)
		from, end = from+g.next[p.partition], end+logs[p].stable
	}
	g.from.Store(from)
	g.position.Store(from)
	g.end.Store(end)
	g.begun.Store(true)
	g.log.Info("filling a global table", "topic", g.spec.Topic(), "partitions", partitions, "from", from, "to", end, "dropped", cmp.Or(why, "no"))
	return nil
}

func (g *global) tps(partitions int) []tp {
	tps := make([]tp, partitions)
	for p := range tps {
		tps[p] = tp{g.spec.Topic(), int32(p)}
	}
	return tps
}

// look asks for the topic's id and its partition count, once. No retry cures
// an error that is fatal.
func (g *global) look(ctx context.Context) (id [16]byte, partitions int, fatal bool, err error) {
	topic := g.spec.Topic()
	found, err := g.inst.adm.ListTopicsWithInternal(ctx, topic)
	if err == nil {
		err = found[topic].Err
	}
	switch {
	case err == nil:
		return found[topic].ID, len(found[topic].Partitions), false, nil
	case errors.Is(err, kerr.UnknownTopicOrPartition):
		return id, 0, true, g.lost(-1, -1, errors.New("the topic was deleted"))
	}
	return id, 0, fatalBroker(err), fmt.Errorf("global table %s: look up topic %s: %w", g.spec.Name, topic, err)
}

// awaitTopic is look as soon as a broker answers. The id must stay the same
// from then on.
func (g *global) awaitTopic(ctx context.Context) (partitions int, err error) {
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		id, partitions, fatal, err := g.look(ctx)
		switch {
		case ctx.Err() != nil:
			return 0, ctx.Err()
		case err == nil:
			g.id = id
			return partitions, nil
		case fatal:
			return 0, err
		}
		g.log.Warn("no answer, trying again", "err", err)
		if !sleep(ctx, pause) {
			return 0, ctx.Err()
		}
	}
}

// judge reads what is kept of the table and says why that cannot be used, ""
// if it can. Rows that outlive a tombstone which they have not seen would stay
// for ever, so old positions are of no use.
func (g *global) judge(ctx context.Context, tps []tp, logs map[tp]bounds, now time.Time, retention time.Duration) (meta globalMeta, why string, err error) {
	kept, ok, err := g.inst.db.Meta(g.metaKey())
	if err != nil {
		return meta, "", fmt.Errorf("global table %s: %w", g.spec.Name, err)
	}
	if ok {
		meta, ok = readGlobalMeta(kept)
	}
	if !ok {
		return meta, "no position is kept", nil
	}
	position, written := g.store.Position()
	switch {
	case !written || position.Next != meta.Fill:
		return meta, "the rows do not belong to the position that is kept", nil
	case !bytes.Equal(meta.Topic, g.id[:]) || len(meta.Next) > len(tps):
		return meta, "the topic was recreated", nil
	case now.Sub(time.UnixMilli(meta.Current)) > retention/2:
		return meta, "the rows are older than half of the topic's delete.retention.ms", nil
	}
	for p, next := range meta.Next {
		log := logs[tps[p]]
		if next < log.start || next > log.stable && next > g.inst.highWatermark(ctx, tps[p]) {
			return meta, "the position is not in the log", nil
		}
	}
	return meta, "", nil
}

// drop empties the table. The store remembers which fill its rows are of, so
// that a crash does not leave it with the positions of another.
func (g *global) drop(now time.Time) (globalMeta, error) {
	meta := globalMeta{Fill: now.UnixNano(), Current: now.UnixMilli()}
	err := g.store.Clear()
	if err == nil {
		err = g.store.Apply(&state.Batch{}, state.Position{TopicID: g.id, Next: meta.Fill, CurrentAt: meta.Current})
	}
	if err != nil {
		return meta, fmt.Errorf("global table %s: %w", g.spec.Name, err)
	}
	return meta, nil
}

// keep notes the positions. The database keeps what was written before what
// was written later, so the rows are there if the positions are.
func (g *global) keep() error {
	meta := globalMeta{
		Version: globalMetaVersion, Topic: g.id[:], Fill: g.fill, Current: g.current.Load(), Next: slices.Clone(g.next),
	}
	for p := range g.next {
		meta.Times = append(meta.Times, g.rows.Time(int32(p)))
	}
	b, err := json.Marshal(meta)
	if err == nil {
		err = g.inst.db.SetMeta(g.metaKey(), b)
	}
	if err != nil {
		return fmt.Errorf("global table %s: keep its positions: %w", g.spec.Name, err)
	}
	return nil
}

// deleteRetention is for how long at least a topic keeps tombstones: Kafka's
// default if it cannot be read.
func (i *Instance) deleteRetention(ctx context.Context, topic string) time.Duration {
	const config, unknown = "delete.retention.ms", 24 * time.Hour
	found, err := i.adm.DescribeTopicConfigs(ctx, topic)
	if err != nil {
		return unknown
	}
	r, err := found.On(topic, nil)
	if err != nil || r.Err != nil {
		return unknown
	}
	at := slices.IndexFunc(r.Configs, func(c kadm.Config) bool { return c.Key == config })
	if at < 0 {
		return unknown
	}
	ms, err := strconv.ParseInt(r.Configs[at].MaybeValue(), 10, 64)
	if err != nil || ms < 0 || ms > int64(100*365*unknown/time.Millisecond) {
		return unknown
	}
	return time.Duration(ms) * time.Millisecond
}
