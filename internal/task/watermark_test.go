package task

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// Watermark is the number that a value is.
func (h *testHead) Watermark() int64 {
	ms := int64(-1)
	fmt.Sscan(h.value, &ms)
	return ms
}

// clocked is a rig whose node sends on the stream time as it sees it, with a
// watermark for each topic.
func clocked(t *testing.T, topics string, marks ...*graph.Watermark) *rig {
	r := newRig(t, func(n *fnNode, key, _ string, m *graph.Meta) error {
		return n.out.Receive(key, fmt.Sprint(n.ctx.StreamTime()), m)
	}, strings.Fields(topics)...)
	for i, w := range marks {
		r.sources[i].Source.Watermark = w
	}
	return r
}

func lag(ms int64) *graph.Watermark {
	return &graph.Watermark{Lag: time.Duration(ms) * time.Millisecond}
}

// seen is what the node has sent since the last call: key=stream time.
func (r *rig) seen() string {
	var b strings.Builder
	for i := range r.outbox.Len() {
		fmt.Fprintf(&b, " %s=%s", r.outbox.Key(i), r.outbox.Value(i))
	}
	r.outbox.Reset()
	return strings.TrimSpace(b.String())
}

func (r *rig) mark(topic string) *WatermarkFigures {
	for _, in := range r.Published().Inputs {
		if in.Topic == topic {
			return in.Watermark
		}
	}
	return nil
}

func TestStreamTimeLagsBehindTheHighestTime(t *testing.T) {
	r := clocked(t, "a", lag(10)).start()
	r.add("a", "k1=@5", "k2=@20", "k3=@15", "k4=@31")
	r.process(0)
	r.want("stream time with each record", r.seen(), "k1=-1 k2=10 k3=10 k4=21")
	r.want("published", r.Published().StreamTime.Load(), 21)
}

func TestRecordsOfAnAscendingSourceThatAreNotLaterAreCounted(t *testing.T) {
	r := clocked(t, "a", &graph.Watermark{By: graph.ByAscending}).start()
	r.add("a", "k1=@5", "k2=@5", "k3=@4", "k4=@6", "k5=@0")
	r.process(0)
	r.want("stream time with each record", r.seen(), "k1=5 k2=5 k3=5 k4=6 k5=6")
	r.want("disordered", r.mark("a").Disordered.Load(), 3)
}

// What a record says of those to come counts from the next one on, so that it
// is not late itself; no further than to its own time for itself.
func TestAFunctionSaysHowFarTimeHasCome(t *testing.T) {
	r := clocked(t, "a", &graph.Watermark{By: graph.ByFunction}).start()
	r.add("a", "k1=3@5", "k2=100@10", "k3=none@7", "k4=50@200", "k5=-5@200")
	r.process(0)
	r.want("stream time with each record", r.seen(), "k1=3 k2=10 k3=100 k4=100 k5=100")
}

func TestTheLowestInputHoldsBackStreamTime(t *testing.T) {
	r := clocked(t, "a b c", lag(0), lag(0)).start() // c has none
	r.SetLag("b", 0)
	r.SetLag("c", 0)
	r.add("a", "a1=@10", "a2=@20")
	r.process(0)
	r.want("nothing of b yet", r.seen(), "a1=-1 a2=-1")
	r.want("held back", fmt.Sprint(r.mark("a").HoldsBack.Load(), r.mark("b").HoldsBack.Load()), "false true")
	r.add("c", "c1=@90")
	r.add("b", "b1=@15", "b2=@30")
	r.process(0)
	r.want("both", r.seen(), "b1=15 b2=20 c1=20")
	r.want("held back", fmt.Sprint(r.mark("a").HoldsBack.Load(), r.mark("b").HoldsBack.Load()), "true false")
	if r.mark("c") != nil {
		t.Error("c has a watermark")
	}
}

func TestAnIdleInputIsLeftOut(t *testing.T) {
	idle := func() *graph.Watermark { return &graph.Watermark{Idle: 50 * time.Millisecond} }
	r := clocked(t, "a b", idle(), idle()).start()
	var due []int64
	r.Context(r.node).Schedule(processor.StreamTime, time.Millisecond, func(ms int64) error {
		due = append(due, ms)
		return nil
	})
	r.add("b", "b1=@5")
	r.add("a", "a1=@10")
	res := r.process(1000)
	r.want("before", r.seen(), "b1=-1 a1=5")
	r.want("when b becomes idle", res.Until, 1050)
	r.add("a", "a2=@20")
	res = r.process(1049)
	r.want("not yet", r.seen(), "a2=5")
	r.want("when b becomes idle", res.Until, 1050)

	res = r.process(1050)
	r.want("without a record", *r.StreamTime(), 20)
	r.want("punctuations", due, []int64{5, 20})
	r.want("idle", fmt.Sprint(r.mark("a").Idle.Load(), r.mark("b").Idle.Load()), "false true")
	r.want("when a becomes idle", res.Until, 1099)

	r.add("b", "b2=@7", "b3=@25")
	r.add("a", "a3=@26")
	r.process(1060)
	r.want("what b says later takes nothing back", r.seen(), "b2=20 b3=20 a3=25")
	r.want("idle", r.mark("b").Idle.Load(), false)

	r.process(2000)
	r.want("all idle: the highest", *r.StreamTime(), 26)
	r.want("nobody holds back", fmt.Sprint(r.mark("a").HoldsBack.Load(), r.mark("b").HoldsBack.Load()), "false false")
}

// Records at the broker that are not here yet are something to read.
func TestAnInputThatLagsIsNotIdle(t *testing.T) {
	idle := &graph.Watermark{Idle: 50 * time.Millisecond}
	r := clocked(t, "a b", idle, idle)
	r.cfg.IdleWait = -1
	r.start()
	r.SetLag("b", 3)
	r.add("a", "a1=@10")
	r.process(1000)
	r.process(2000)
	r.want("b lags", r.mark("b").Idle.Load(), false)
	r.SetLag("b", 0)
	r.process(2000)
	r.process(2049)
	r.want("b has been read for a while", r.mark("b").Idle.Load(), false)
	r.process(2050)
	r.want("b is idle", r.mark("b").Idle.Load(), true)
}

func TestAFailedRecordMovesNoWatermark(t *testing.T) {
	r := newRig(t, func(n *fnNode, key, value string, m *graph.Meta) error {
		if value == "no" {
			return fmt.Errorf("no")
		}
		return n.out.Receive(key, fmt.Sprint(n.ctx.StreamTime()), m)
	}, "a")
	r.cfg.Policies.Process = processor.Policy{Then: processor.Skip}
	r.sources[0].Source.Watermark = &graph.Watermark{By: graph.ByAscending}
	r.start()
	r.add("a", "k1=@5", "k2=no@50", "k3=no@1", "k4=@6")
	r.process(0)
	r.want("stream time with each record", r.seen(), "k1=5 k4=6")
	r.want("disordered", r.mark("a").Disordered.Load(), 0)
}

// restarted is a new task that goes on where r has committed.
func (r *rig) restarted(t *testing.T, committed []Offset, marks ...*graph.Watermark) *rig {
	t.Helper()
	next := clocked(t, "a b", marks...)
	next.cfg.Restored = map[string]Metadata{}
	for _, o := range committed {
		m, err := DecodeMetadata(o.Metadata)
		if err != nil {
			t.Fatal(err)
		}
		next.cfg.Positions[o.Topic], next.cfg.Restored[o.Topic] = o.Next, m
	}
	return next.start()
}

func TestARestartKeepsWatermarks(t *testing.T) {
	marks := func() []*graph.Watermark {
		return []*graph.Watermark{{By: graph.ByFunction, Idle: time.Second}, {Lag: 10 * time.Millisecond, Idle: time.Second}}
	}
	r := clocked(t, "a b", marks()...).start()
	r.add("b", "b1=@40") // 30
	r.add("a", "a1=60@50")
	r.process(0)
	r.process(1000) // both are idle
	r.want("stream time", *r.StreamTime(), 60)
	r.outbox.Reset()
	c := r.commit(1)
	committed := slices.Clone(c.Offsets)
	r.apply(c)

	next := r.restarted(t, committed, marks()...)
	next.want("stream time", *next.StreamTime(), 60)
	next.want("published", next.Published().StreamTime.Load(), 60)
	next.want("watermarks", fmt.Sprint(next.mark("a").Time.Load(), next.mark("b").Time.Load()), "60 30")
	next.add("b", "b2=@45")
	next.add("a", "a2=90@95")
	next.process(5000)
	next.want("nothing goes back", next.seen(), "b2=60 a2=60")

	next.Discard()
	next.process(5000)
	next.want("an abort goes back to the commit", fmt.Sprint(*next.StreamTime(), next.mark("a").Time.Load(), next.mark("b").Time.Load()), "60 60 30")
}

// An idle time-out is nothing that a position shows: it is committed alone.
func TestIdleTimeIsCommitted(t *testing.T) {
	idle := &graph.Watermark{Idle: time.Second}
	r := clocked(t, "a b", idle, idle).start()
	r.SetLag("b", 0)
	r.add("a", "a1=@10")
	r.process(0)
	r.apply(r.commit(1))
	r.want("nothing to commit", r.NeedsCommit(), false)
	r.process(1000)
	r.want("stream time", *r.StreamTime(), 10)
	r.want("something to commit", r.NeedsCommit(), true)
	c := r.commit(2)
	if c == nil || len(c.Offsets) != 2 {
		t.Fatalf("commit %+v", c)
	}
	next := r.restarted(t, c.Offsets, idle, idle)
	next.want("stream time", *next.StreamTime(), 10)
}

// A partition's own watermark is in the metadata of its topic alone: many
// topics do not add up.
func TestMetadataHoldsOneWatermarkPerTopic(t *testing.T) {
	var topics []string
	var marks []*graph.Watermark
	for i := range 200 {
		topics = append(topics, fmt.Sprintf("a-topic-with-a-long-name-%03d", i))
		marks = append(marks, lag(1))
	}
	r := clocked(t, strings.Join(topics, " "), marks...).start()
	r.add(topics[7], "k=@5")
	for _, topic := range topics {
		r.SetLag(topic, 0)
	}
	r.process(0)
	c := r.commit(1)
	if n := len(c.Offsets); n != 1 {
		t.Fatalf("%d offsets", n)
	}
	m, err := DecodeMetadata(c.Offsets[0].Metadata)
	r.want("times", fmt.Sprint(m.Times, err), "[{:stream-time -1} {:watermark 4} {fn -1}] <nil>")
}

func BenchmarkProcessWithWatermark(b *testing.B) {
	task := countTask(b, "a")
	task.cfg.Sub.Sources[0].Source.Watermark = lag(5)
	task.addWatermarks()
	task.rewind()
	benchmarkProcess(b, task)
}
