package task

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
)

func TestRecordsAreTakenInTheOrderOfTimeOverQueues(t *testing.T) {
	r := newRig(t, nil, "a", "b").start()
	r.add("a", "a=1@10", "a=2@30", "a=3@20")
	r.add("b", "b=1@10", "b=2@25", "b=3@40")
	res := r.process(0)
	r.want("result", res, Result{Records: 6, Wait: WaitEmpty, Until: math.MaxInt64})
	// a comes first among equals; a=3 is late but its queue keeps its order.
	r.want("outputs", strings.Join(outputs(r.Outbox()), " "),
		"out a=1@10 out b=1@10 out b=2@25 out a=2@30 out a=3@20 out b=3@40")
	r.want("stream time", r.Published().StreamTime.Load(), 40)
	r.want("records", r.Published().Records.Load(), 6)
}

func TestProcessTakesNoMoreThanAsked(t *testing.T) {
	r := newRig(t, nil, "a").start()
	r.add("a", "a=1@1", "a=2@2", "a=3@3")
	res, err := r.Process(5, 2)
	r.want("first", fmt.Sprint(res, err), fmt.Sprint(Result{Records: 2, Until: 5}, nil))
	n, bytes := r.Buffered("a")
	r.want("buffered", n, 1)
	if all, allBytes := r.BufferedTotal(); all != n || allBytes != bytes || bytes == 0 {
		t.Errorf("total is %d records of %d bytes, topic a %d of %d", all, allBytes, n, bytes)
	}
	r.process(6)
	if n, bytes := r.BufferedTotal(); n != 0 || bytes != 0 {
		t.Errorf("%d records of %d bytes are left", n, bytes)
	}
}

func TestAnEmptyInputIsWaitedForWhileItLags(t *testing.T) {
	for _, c := range []struct {
		name string
		lag  int64
		idle time.Duration
		want Result
	}{
		{"unknown", -1, 0, Result{Wait: WaitInput, Topic: "b", Until: math.MaxInt64}},
		{"lagging", 7, 0, Result{Wait: WaitInput, Topic: "b", Until: math.MaxInt64}},
		{"lagging with idle wait", 7, time.Second, Result{Wait: WaitInput, Topic: "b", Until: math.MaxInt64}},
		{"at its end", 0, 0, Result{Records: 1, Wait: WaitEmpty, Until: math.MaxInt64}},
		{"at its end with idle wait", 0, time.Second, Result{Wait: WaitInput, Topic: "b", Until: 1100}},
		{"never waiting", 7, -1, Result{Records: 1, Wait: WaitEmpty, Until: math.MaxInt64}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, nil, "a", "b")
			r.cfg.IdleWait = c.idle
			r.start()
			r.add("a", "a=1@10")
			r.SetLag("b", c.lag)
			r.want("result", r.process(100), c.want)
		})
	}
}

func TestIdleWaitEndsAndBeginsAgainWithRecords(t *testing.T) {
	r := newRig(t, nil, "a", "b")
	r.cfg.IdleWait = time.Second
	r.start()
	r.add("a", "a=1@10", "a=2@20", "a=3@30")
	r.SetLag("b", 0)
	r.want("wait", r.process(100).Until, 1100)
	if res, _ := r.Process(1100, 1); res.Records != 1 {
		t.Fatalf("after the wait: %+v", res)
	}
	r.add("b", "b=1@15")
	r.want("wait again", r.process(1200), Result{Records: 1, Wait: WaitInput, Topic: "b", Until: 2200})
	r.want("outputs", outputs(r.Outbox()), "[out a=1@10 out b=1@15]")
}

func TestASingleInputIsNeverWaitedFor(t *testing.T) {
	r := newRig(t, nil, "a").start()
	r.add("a", "a=1@10")
	r.SetLag("a", 1000)
	r.want("result", r.process(0), Result{Records: 1, Wait: WaitEmpty, Until: math.MaxInt64})
}

func TestControlRecordsMoveThePosition(t *testing.T) {
	r := newRig(t, nil, "a").start()
	r.add("a", "!")
	c := r.commit(1)
	r.want("marker alone", c.Offsets[0].Next, 1)
	r.apply(c)
	r.add("a", "a=1@1", "!", "a=2@2", "!", "!")
	if _, err := r.Process(0, 1); err != nil {
		t.Fatal(err)
	}
	c = r.commit(2)
	r.want("in the middle", c.Offsets[0].Next, 2)
	r.apply(c)
	r.process(0)
	c = r.commit(3)
	r.want("at the end", c.Offsets[0].Next, 6)
	r.want("records", c.Records, 1)
}

func TestRecordsThatWereAddedBeforeAreIgnored(t *testing.T) {
	r := newRig(t, nil, "a").start()
	r.add("a", "a=1@1", "a=2@2")
	r.Add("a", []graph.Input{{Offset: 1, Value: []byte("again"), Time: 2}, {Offset: 2, Key: []byte("a"), Value: []byte("3"), Time: 3}})
	r.process(0)
	r.want("outputs", outputs(r.Outbox()), "[out a=1@1 out a=2@2 out a=3@3]")
}

func TestRecordsWithNegativeTimeAreDroppedAndCounted(t *testing.T) {
	r := newRig(t, nil, "a").start()
	r.add("a", "a=1@-5", "a=2@7", "a=3@-1")
	r.want("result", r.process(0).Records, 3)
	r.want("outputs", outputs(r.Outbox()), "[out a=2@7]")
	r.want("dropped", r.drops("negative_time"), 2)
	r.want("position", r.commit(1).Offsets[0].Next, 3)
}

func TestAbsurdTimesAreTimes(t *testing.T) {
	r := newRig(t, func(n *fnNode, key, value string, m *graph.Meta) error {
		if value == "first" {
			n.ctx.Schedule(0, time.Hour, func(now int64) error {
				return n.out.Receive("tick", "", &graph.Meta{Time: now})
			})
		}
		return nil
	}, "a").start()
	r.add("a", "a=first@1", fmt.Sprintf("a=2@%d", int64(math.MaxInt64)), fmt.Sprintf("a=3@%d", int64(math.MaxInt64)))
	r.process(0)
	r.want("outputs", outputs(r.Outbox()), fmt.Sprintf("[out tick=@1 out tick=@%d]", int64(math.MaxInt64)))
}

func TestMaxRateBoundsRecordsPerSecond(t *testing.T) {
	r := newRig(t, nil, "a")
	r.sources[0].Source.MaxRate = 20 // two at once, then one each 50 ms
	r.start()
	var all []string
	for i := range 100 {
		all = append(all, fmt.Sprintf("a=%d@%d", i, i))
	}
	r.add("a", all...)
	r.want("at 0", r.process(0), Result{Records: 2, Wait: WaitRate, Topic: "a", Until: 50})
	r.want("too early", r.process(49), Result{Wait: WaitRate, Topic: "a", Until: 50})
	r.want("at 50", r.process(50), Result{Records: 1, Wait: WaitRate, Topic: "a", Until: 100})
	r.want("after a pause", r.process(10_000).Records, 2)
	r.want("clock set back", r.process(5_000), Result{Wait: WaitRate, Topic: "a", Until: 5050})
	total := 0
	for now := int64(20_000); now < 21_000; now++ {
		total += r.process(now).Records
	}
	if total < 20 || total > 22 {
		t.Errorf("%d records in a second", total)
	}
}

func TestCommitRequestEndsTheBatch(t *testing.T) {
	r := newRig(t, func(n *fnNode, key, value string, m *graph.Meta) error {
		if value == "now" {
			n.ctx.Commit()
		}
		return nil
	}, "a").start()
	r.add("a", "a=1@1", "a=now@2", "a=3@3")
	r.want("result", r.process(9), Result{Records: 2, Until: 9})
	r.want("asked", r.CommitRequested(), true)
	r.want("the owner may go on", r.process(9).Records, 1)
	r.commit(1)
	r.want("asked", r.CommitRequested(), false)
}

func TestQueueKeepsOrderWhileItGrowsAndLetsGoOfRecords(t *testing.T) {
	var q queue
	var next, want int64
	for round := range 50 {
		for range round {
			q.push(&graph.Input{Offset: next, Value: make([]byte, 10)})
			next++
		}
		for range round * 2 / 3 {
			if q.head().Offset != want {
				t.Fatalf("head is %d, want %d", q.head().Offset, want)
			}
			q.pop()
			want++
		}
	}
	held := 0
	for _, c := range q.chunks {
		for i := range c {
			if c[i].Value != nil {
				held++
			}
		}
	}
	if held != q.n || q.bytes != int64(q.n)*106 {
		t.Errorf("%d records are held, %d queued with %d bytes", held, q.n, q.bytes)
	}
}
