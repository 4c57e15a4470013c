package topology_test

import (
	"fmt"
	"time"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// firsts forwards the first value of each key.
type firsts struct {
	seen state.KeyValue[string, string]
}

func (p *firsts) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
	if _, ok, err := p.seen.Get(r.Key); ok || err != nil {
		return err
	}
	if err := p.seen.Put(r.Key, r.Value); err != nil {
		return err
	}
	return out.Forward(r)
}

func ExampleProcess() {
	b := topology.New()
	seen := topology.NewStore[string, string](b, "seen")
	orders := topology.Stream[string, string](b, "orders")
	topology.To(topology.Process(orders, func(ctx processor.Context) *firsts {
		return &firsts{seen: seen.Open(ctx)}
	}, topology.With(seen)), "first-orders")

	d := streamstest.New(nil, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "orders")
	in.PipeAt("ann", "tea", 1)
	d.Restart() // the store comes back from its changelog
	in.PipeAt("ann", "rum", 2)
	fmt.Println(streamstest.Out[string, string](d, "first-orders").Text())
	// Output: ann=tea@1
}

// clerk forwards orders, and those that are late to an output of their own.
type clerk struct {
	ctx  processor.Context
	late processor.Output[string, time.Duration]
}

func (p *clerk) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
	if late := p.ctx.StreamTime() - r.Time; late > 100 {
		return p.late.Forward(processor.NewRecord(r.Key, time.Duration(late)*time.Millisecond, r.Time))
	}
	return out.Forward(r)
}

// A Processor with a second output, whose records have a type of their own.
func ExampleNewChild() {
	b := topology.New()
	late := topology.NewChild[string, time.Duration](b, "late")
	orders := topology.Stream[string, string](b, "orders")
	inTime := topology.Process(orders, func(ctx processor.Context) *clerk {
		return &clerk{ctx: ctx, late: late.Open(ctx)}
	}, topology.With(late))
	topology.To(inTime, "in-time")
	topology.To(topology.MapValues(late.Stream(), time.Duration.String), "late")

	d := streamstest.New(nil, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "orders")
	in.PipeAt("1", "tea", 1000)
	in.PipeAt("2", "rum", 850)
	in.PipeAt("3", "gin", 950)
	fmt.Println("in time:", streamstest.Out[string, string](d, "in-time").Text())
	fmt.Println("late:", streamstest.Out[string, string](d, "late").Text())
	// Output:
	// in time: 1=tea@1000, 3=gin@950
	// late: 2=150ms@850
}

// gaps forwards how long it was since the last record of a key, in ms.
type gaps struct {
	last state.KeyValue[string, int64]
}

func (p *gaps) Process(r processor.Record[string, string], out processor.ValueOutput[int64]) error {
	last, ok, err := p.last.Get(r.Key)
	if err == nil {
		err = p.last.Put(r.Key, r.Time)
	}
	if !ok || err != nil {
		return err
	}
	return out.Forward(r.Time - last)
}

// The keys are what they were: the aggregation behind the Processor needs no
// repartition topic.
func ExampleProcessValues() {
	b := topology.New()
	last := topology.NewStore[string, int64](b, "last")
	visits := topology.Stream[string, string](b, "visits")
	between := topology.ProcessValues(visits, func(ctx processor.Context) *gaps {
		return &gaps{last: last.Open(ctx)}
	}, topology.With(last))
	longest := topology.Reduce(topology.GroupByKey(between), "longest", func(a, b int64) int64 { return max(a, b) })
	topology.To(longest.ToStream(), "longest-gaps")

	d := streamstest.New(nil, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "visits")
	for _, at := range []int64{10, 40, 55} {
		in.PipeAt("ann", "/", at)
	}
	fmt.Println(streamstest.Out[string, int64](d, "longest-gaps").Text())
	// Output: ann=30@40, ann=30@55
}

// bell rings at every full hour.
type bell struct{ ctx processor.Context }

func (p *bell) Init(out processor.Output[string, string]) error {
	p.ctx.ScheduleAt(processor.WallClock, time.UnixMilli(0), time.Hour, func(now int64) error {
		return out.Forward(processor.NewRecord("bell", time.UnixMilli(now).UTC().Format(time.Kitchen), now))
	})
	return nil
}

func (p *bell) Process(processor.Record[string, string], processor.Output[string, string]) error {
	return nil
}

// A punctuation with an anchor comes at the same times wherever its task
// starts.
func ExampleProcess_anchored() {
	b := topology.New()
	rings := topology.Process(topology.Stream[string, string](b, "in"), func(ctx processor.Context) *bell { return &bell{ctx} })
	rings.ForEach(func(_, at string) { fmt.Println(at) })

	d := streamstest.New(nil, b, streamstest.Config{Start: time.Date(2024, 1, 1, 9, 20, 0, 0, time.UTC)})
	d.Advance(time.Hour)
	d.Restart()
	d.Advance(time.Hour)
	// Output:
	// 10:00AM
	// 11:00AM
}
