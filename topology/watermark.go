package topology

import (
	"fmt"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// WatermarkLag has stream time follow a stream's records at a distance: d
// behind the highest event time of a partition, since records may come that
// much out of order. All windows behind then stay open d longer.
//
// A watermark is how far event time has come in a partition, by the records
// that were read. It never goes back. The stream time of a task is the lowest
// watermark of all the partitions that it reads, one of each topic, and its
// operators, timers and stores go by that: one that is behind holds back the
// others, from the start and until WatermarkIdle leaves it out. Sources without
// an option Watermark... do not take part. Watermarks are committed with the
// offsets: a restart or a rebalance does not set them back.
//
// A watermark ends at a repartition topic, where records of several tasks mix:
// GroupBy, GroupByKey and Repartition take the options too, for what is behind.
//
// Defaults to no watermark: stream time is the highest event time of the task's
// records.
//
// By example: internal/corpus/testdata/watermark.txt.
func WatermarkLag(d time.Duration) Option {
	return func(o *graph.Options) { o.Give(graph.OptWatermark); o.Watermark.Lag = d }
}

// WatermarkAscending has stream time follow a stream whose records come in the
// order of their times, each later than the one before in its partition: the
// watermark is the highest of them. A record that is not later is passed on
// and counted, in status.Input and the metric records_disordered_total. See
// WatermarkLag.
//
// By example: internal/corpus/testdata/watermark.txt.
func WatermarkAscending() Option {
	return func(o *graph.Options) { o.Give(graph.OptWatermark); o.Watermark.By = graph.ByAscending }
}

// WatermarkOf takes the watermark of a partition, in milliseconds since the
// Unix epoch, from its records: fn says before which time no record is
// expected any more. What is not above the watermark so far changes nothing,
// so that -1 is for records that say nothing. It counts from the next record
// on, and for the record itself no further than to its own time. An error is of
// class Decode. See WatermarkLag.
//
// By example: internal/corpus/testdata/watermark.txt.
func WatermarkOf[K, V any](fn func(r processor.Record[K, V]) (int64, error)) Option {
	return func(o *graph.Options) {
		o.Give(graph.OptWatermark)
		o.Watermark.By = graph.ByFunction
		o.WatermarkFn, o.WatermarkType = fn, graph.TypeName[K]()+", "+graph.TypeName[V]()
	}
}

// WatermarkIdle leaves a partition of the stream out of the stream time of its
// task once it has had nothing to read for d of the wall clock: others no
// longer wait for it, and their windows close. With its next record it counts
// again; what it says cannot set stream time back, so that its records may be
// late. If all partitions are idle, stream time goes to the highest watermark.
//
// It goes with WatermarkLag, WatermarkAscending or WatermarkOf; alone, the
// watermark is the highest time of the partition. Defaults to waiting for ever.
//
// By example: internal/corpus/testdata/watermark.txt.
func WatermarkIdle(d time.Duration) Option {
	return func(o *graph.Options) { o.Give(graph.OptIdle); o.Watermark.Idle = d }
}

// addWatermark gives a source the watermark that the options ask for, and
// returns the function of WatermarkOf, nil for none.
func addWatermark[K, V any](b *graph.Builder, n *graph.Node, o *graph.Options) func(processor.Record[K, V]) (int64, error) {
	if !o.Given(graph.OptWatermark) && !o.Given(graph.OptIdle) {
		return nil
	}
	w := o.Watermark
	n.Source.Watermark = &w
	n.Detail += "; " + w.String()
	if w.By != graph.ByFunction {
		return nil
	}
	fn, ok := o.WatermarkFn.(func(processor.Record[K, V]) (int64, error))
	if !ok {
		b.Errorf(n.Line, "%s: the records are of %s and the function of WatermarkOf takes %s",
			n.Op, graph.TypeName[K]()+", "+graph.TypeName[V](), o.WatermarkType)
	}
	return fn
}

// mark asks the function of WatermarkOf about the record that was decoded from
// in.
func (r *head[K, V]) mark(in *graph.Input, timeMs int64) (err error) {
	r.watermark, err = r.watermarkOf(processor.Record[K, V]{
		Key: r.key, Value: r.value, Time: timeMs, Headers: in.Headers, HasKey: r.hasKey, HasValue: r.hasValue,
	})
	if err == nil {
		err = tooLate(r.watermark)
	}
	if err != nil {
		return fmt.Errorf("watermark: %w", err)
	}
	return nil
}

// Watermark implements graph.Marker.
func (r *head[K, V]) Watermark() int64 { return r.watermark }
