package runtime

import (
	"context"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/changelog"
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/task"
	"github.com/millrace-io/millrace/metrics"
)

// parcel are the records that a client holds. It needs several times the memory of
// a small one, of which an outbox has many more: so a transaction is sent in parcels,
// each acknowledged before the next.
type parcel struct {
	limit   int          // see Config.ParcelBytes
	records []kgo.Record // the client has pointers into it
	bytes   int          // of keys and values
}

// leastRecord is what a record of a full parcel has at least, on average.
const leastRecord = 64

// open makes room for n records, or for as many as the parcel has.
func (p *parcel) open(n int) { p.records = slices.Grow(p.records, min(n, p.limit/leastRecord)) }

func (p *parcel) full() bool { return p.bytes >= p.limit || len(p.records) >= p.limit/leastRecord }

func (p *parcel) clear() {
	clear(p.records)
	p.records, p.bytes = p.records[:0], 0
}

// produce hands the record that was appended last to the client.
func (p *parcel) produce(ctx context.Context, cl *kgo.Client, promise func(*kgo.Record, error)) {
	r := &p.records[len(p.records)-1]
	p.bytes += len(r.Key) + len(r.Value)
	cl.Produce(ctx, r, promise)
}

// room makes room for one more record: if the parcel is full it waits until all
// that it has is acknowledged.
func (w *worker) room(ctx context.Context, cl *kgo.Client, t *txn) error {
	if !w.parcel.full() {
		return nil
	}
	if err := cl.Flush(ctx); err != nil {
		return fmt.Errorf("flush: %w", err)
	}
	if err := t.failed(); err != nil {
		return err
	}
	w.parcel.clear()
	return w.inst.mayWrite(t)
}

func (w *worker) produceOutputs(ctx context.Context, cl *kgo.Client, t *txn, c *task.Commit) error {
	promise := func(r *kgo.Record, err error) { t.fail(writeError(r, err)) }
	var topic string
	var m *metrics.Topic
	now := w.inst.now()
	for i := range c.Out.Len() {
		if err := w.room(ctx, cl, t); err != nil {
			return err
		}
		if len(w.parcel.records) == 0 {
			c.Out.Free(i) // they are acknowledged
		}
		o := c.Out.At(i)
		w.parcel.records = append(w.parcel.records, kgo.Record{
			Topic: o.Topic, Partition: o.Partition, Timestamp: timestamp(o.Time),
			Key: c.Out.Key(i), Value: c.Out.Value(i), Headers: headers(c.Out.Headers(i)),
		})
		w.parcel.produce(ctx, cl, promise)
		if o.Topic != topic {
			topic, m = o.Topic, w.inst.cfg.Recorder.Topic(o.Topic)
		}
		m.Produced.Inc()
		m.ProducedBytes.Add(int64(c.Out.Size(i)))
		if i%metrics.SampleEvery == 0 {
			m.Latency.Observe(now.Sub(timestamp(o.Time)))
		}
	}
	return nil
}

// produceChangelog logs one store's batch. acked learns where the store will
// be current once the transaction has committed: behind the last record.
func (w *worker) produceChangelog(ctx context.Context, cl *kgo.Client, t *txn, c *task.Commit, store int, acked *changelog.Acked) error {
	b := &c.Stores[store]
	if !b.Spec.Logged {
		return nil
	}
	out := changelog.Writer{Topic: graph.ChangelogTopic(w.inst.cfg.App, b.Spec.Name), Partition: c.Task.Partition, Format: b.Spec.Format}
	promise := func(r *kgo.Record, err error) {
		if err != nil {
			t.fail(writeError(r, err))
			return
		}
		acked.Note(r.Offset)
	}
	logged := int64(0)
	for i := range b.Batch.Len() {
		if err := w.room(ctx, cl, t); err != nil {
			return err
		}
		if len(w.parcel.records) == 0 {
			c.Out.Reset()
			out.Reset()
		}
		from := len(w.parcel.records)
		var err error
		if w.parcel.records, err = out.Append(w.parcel.records, b.Batch.At(i)); err != nil {
			return err
		}
		if len(w.parcel.records) > from {
			w.parcel.produce(ctx, cl, promise)
			logged++
		}
	}
	m := w.inst.cfg.Recorder.Store(b.Spec.Name)
	m.Logged.Add(logged)
	m.LoggedBytes.Add(int64(b.Batch.Bytes()))
	return nil
}
