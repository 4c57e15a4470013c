package task

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// scheduling is a step that calls schedule with the first record of each
// instance and passes all records on.
func scheduling(schedule func(n *fnNode)) step {
	return func(n *fnNode, key, value string, m *graph.Meta) error {
		if value == "first" {
			schedule(n)
		}
		return n.out.Receive(key, value, m)
	}
}

func (n *fnNode) tick(name string) func(int64) error {
	return func(now int64) error { return n.out.Receive(name, "", &graph.Meta{Time: now, HasKey: true}) }
}

func TestStreamTimePunctuationsFollowTheirRecord(t *testing.T) {
	fn := scheduling(func(n *fnNode) { n.ctx.Schedule(processor.StreamTime, 10*time.Millisecond, n.tick("tick")) })
	for _, batch := range []int{1, 2, 100} {
		r := newRig(t, fn, "a").start()
		r.add("a", "k=first@3", "k=2@9", "k=3@12", "k=4@12", "k=5@47", "k=6@49", "k=7@50")
		for r.NeedsCommit() || r.Published().Inputs[0].BufferedRecords.Load() == 0 {
			if res, err := r.Process(0, batch); err != nil {
				t.Fatal(err)
			} else if res.Records == 0 {
				break
			}
		}
		// First due with the first record, then on multiples of the interval;
		// what was missed between 12 and 47 is one call.
		r.want(fmt.Sprint("batches of ", batch), strings.Join(outputs(r.Outbox()), " "),
			"out k=first@3 out tick=@3 out k=2@9 out k=3@12 out tick=@12 out k=4@12 "+
				"out k=5@47 out tick=@47 out k=6@49 out k=7@50 out tick=@50")
		r.want("counted", r.Published().Punctuations[processor.StreamTime].Load(), 4)
	}
}

func TestWallClockPunctuationsAreFirstDueAfterOneInterval(t *testing.T) {
	var calls []int64
	fn := scheduling(func(n *fnNode) {
		n.ctx.Schedule(processor.WallClock, 100*time.Millisecond, func(now int64) error {
			calls = append(calls, now)
			return nil
		})
	})
	r := newRig(t, fn, "a").start()
	r.want("none", r.NextWall(), int64(math.MaxInt64))
	r.add("a", "k=first@3")
	r.process(1000)
	r.want("first", r.NextWall(), 1100)
	for _, now := range []int64{1099, 1100, 1101, 1199, 1200, 1750, 1799, 1800} {
		if _, err := r.Punctuate(now, true); err != nil {
			t.Fatal(err)
		}
	}
	r.want("calls", calls, "[1100 1200 1750 1800]")
	r.want("next", r.NextWall(), 1900)
	n, err := r.Punctuate(5000, false)
	r.want("the other clock", fmt.Sprint(n, err), "0 <nil>")
}

func TestAnchoredPunctuationsLieOnTheirGrid(t *testing.T) {
	for _, c := range []struct {
		anchor int64
		want   string // calls while the wall clock goes from 1000 to 1133
	}{
		{1003, "[1003 1043 1083 1123]"}, // in the future: due there first
		{1000, "[1000 1040 1080 1120]"}, // now: due at once
		{903, "[1023 1063 1103]"},       // passed, at 903, 943 and 983
		{math.MinInt64, "[]"},           // grids of any start are possible
	} {
		var calls []int64
		r := newRig(t, scheduling(func(n *fnNode) {
			n.ctx.ScheduleAt(processor.WallClock, time.UnixMilli(c.anchor), 40*time.Millisecond, func(now int64) error {
				calls = append(calls, now)
				return nil
			})
		}), "a").start()
		r.add("a", "k=first@3")
		r.process(1000)
		for now := int64(1000); now <= 1133; now++ {
			if _, err := r.Punctuate(now, true); err != nil {
				t.Fatal(err)
			}
		}
		if c.anchor == math.MinInt64 {
			r.want("number of calls from the beginning of time", len(calls) >= 3 && calls[1]-calls[0] == 40, true)
			continue
		}
		r.want(fmt.Sprint("anchor ", c.anchor), calls, c.want)
	}
}

func TestAnchoredPunctuationThatWasMissedIsOneCall(t *testing.T) {
	var calls []int64
	r := newRig(t, scheduling(func(n *fnNode) {
		n.ctx.ScheduleAt(processor.WallClock, time.UnixMilli(1005), 10*time.Millisecond, func(now int64) error {
			calls = append(calls, now)
			return nil
		})
	}), "a").start()
	r.add("a", "k=first@3")
	r.process(1000)
	for _, now := range []int64{1004, 1037, 1044, 1045} {
		if _, err := r.Punctuate(now, true); err != nil {
			t.Fatal(err)
		}
	}
	r.want("calls", calls, "[1037 1045]")
}

// Made in Start, with stream time unknown, an anchored punctuation is first due
// when stream time has reached the anchor.
func TestAnchoredPunctuationsOfStreamTime(t *testing.T) {
	r := newRig(t, nil, "a")
	made := r.node.New
	r.node.New = func(gt graph.Task, outs []any) ([]any, error) {
		ins, err := made(gt, outs)
		n := ins[0].(*fnNode)
		n.ctx.ScheduleAt(processor.StreamTime, time.UnixMilli(15), 10*time.Millisecond, n.tick("tick"))
		return ins, err
	}
	r.start()
	r.add("a", "k=1@3", "k=2@16", "k=3@24", "k=4@25", "k=5@58", "k=6@65")
	r.process(0)
	r.want("out", strings.Join(outputs(r.Outbox()), " "),
		"out k=1@3 out k=2@16 out tick=@16 out k=3@24 out k=4@25 out tick=@25 out k=5@58 out tick=@58 out k=6@65 out tick=@65")
}

func TestSchedulesOfStartCountFromTheTimeOfMaking(t *testing.T) {
	r := newRig(t, nil, "a")
	made := r.node.New
	r.node.New = func(gt graph.Task, outs []any) ([]any, error) {
		gt.Context(r.node).Schedule(processor.WallClock, time.Second, func(int64) error { return nil })
		return made(gt, outs)
	}
	r.cfg.NowMs = 5000
	r.start()
	r.want("due", r.NextWall(), 6000)
	r.Process(5500, 1)
	r.Discard()
	r.want("at once, to make the nodes", r.NextWall(), 5500)
	n, err := r.Punctuate(7000, true)
	r.want("called", fmt.Sprint(n, err), "0 <nil>")
	r.want("due", r.NextWall(), 8000)
}

func TestPunctuationsDueTogetherGoByTimeAndOrder(t *testing.T) {
	fn := scheduling(func(n *fnNode) {
		n.ctx.Schedule(processor.WallClock, 30*time.Millisecond, n.tick("a30"))
		n.ctx.Schedule(processor.WallClock, 20*time.Millisecond, n.tick("b20"))
		n.ctx.Schedule(processor.WallClock, 30*time.Millisecond, n.tick("c30"))
	})
	r := newRig(t, fn, "a").start()
	r.add("a", "k=first@3")
	r.process(0)
	n, err := r.Punctuate(100, true)
	r.want("called", fmt.Sprint(n, err), "3 <nil>")
	r.want("order", outputs(r.Outbox())[1:], "[out b20=@100 out a30=@100 out c30=@100]")
}

func TestACancelledPunctuationIsNotCalled(t *testing.T) {
	var cancel func()
	fn := scheduling(func(n *fnNode) {
		n.ctx.Schedule(processor.WallClock, 10*time.Millisecond, func(int64) error { cancel(); return nil })
		cancel = n.ctx.Schedule(processor.WallClock, 20*time.Millisecond, n.tick("never"))
	})
	r := newRig(t, fn, "a").start()
	r.add("a", "k=first@3")
	r.process(0)
	n, _ := r.Punctuate(25, true)
	r.want("called", n, 1)
	r.want("next", r.NextWall(), 30)
}

func TestAPunctuationMayReplaceItself(t *testing.T) {
	// One that schedules its successor at once would go round for ever if new
	// ones were due in the same check.
	var schedule func(n *fnNode)
	schedule = func(n *fnNode) {
		var cancel func()
		cancel = n.ctx.Schedule(processor.StreamTime, 10*time.Millisecond, func(now int64) error {
			cancel()
			schedule(n)
			return n.tick("tick")(now)
		})
	}
	r := newRig(t, scheduling(schedule), "a").start()
	r.add("a", "k=first@3", "k=2@4", "k=3@5")
	r.process(0)
	r.process(0)
	r.want("outputs", strings.Join(outputs(r.Outbox()), " "),
		"out k=first@3 out tick=@3 out k=2@4 out tick=@4 out k=3@5 out tick=@5")
}

func TestAFailedPunctuationLeavesNoTrace(t *testing.T) {
	for _, kind := range []string{"error", "panic", "unwritable"} {
		for _, clock := range []processor.Clock{processor.StreamTime, processor.WallClock} {
			t.Run(fmt.Sprint(kind, clock), func(t *testing.T) {
				fn := scheduling(func(n *fnNode) {
					n.ctx.Schedule(clock, 10*time.Millisecond, func(now int64) error {
						n.store.put("k", "v")
						n.tick("tick")(now)
						switch kind {
						case "error":
							return errFlaky
						case "panic":
							panic("tick")
						}
						return n.out.Receive("k", "unwritable", &graph.Meta{})
					})
				})
				r := newRig(t, fn, "a")
				r.cfg.Policies.Punctuate, r.cfg.Policies.Produce = skip(), skip()
				r.start()
				r.add("a", "k=first@3", "k=2@4", "k=3@14")
				r.process(0)
				r.Punctuate(10, true)
				r.Punctuate(25, true)
				r.want("outputs", outputs(r.Outbox()), "[out k=first@3 out k=2@4 out k=3@14]")
				r.want("store", r.Store("s").(*memView).get("k"), "")
				class := processor.Punctuate
				if kind == "unwritable" {
					class = processor.Produce
				}
				r.want("observed", r.failed, fmt.Sprintf("[%[1]s skip #1 %[1]s skip #1]", class))
				r.want("records", r.commit(1).Records, 3)
			})
		}
	}
}

func TestAFailedPunctuationIsTriedAgainAfterABackoff(t *testing.T) {
	for _, clock := range []processor.Clock{processor.StreamTime, processor.WallClock} {
		fails := 2
		fn := scheduling(func(n *fnNode) {
			n.ctx.Schedule(clock, 10*time.Millisecond, func(now int64) error {
				if fails--; fails >= 0 {
					return errFlaky
				}
				return n.tick("tick")(now)
			})
		})
		r := newRig(t, fn, "a")
		r.cfg.Policies.Punctuate = processor.Policy{Retries: 2, Backoff: 50 * time.Millisecond}
		r.start()
		r.add("a", "k=first@3", "k=2@4")
		if clock == processor.StreamTime {
			// The record behind waits: it must not overtake the punctuation.
			r.want("parked", r.process(100), Result{Records: 1, Wait: WaitParked, Until: 150})
			r.want("next", r.NextWall(), int64(math.MaxInt64))
			r.want("parked", r.process(150), Result{Wait: WaitParked, Until: 250})
			r.process(250)
			r.want("outputs", outputs(r.Outbox()), "[out k=first@3 out tick=@3 out k=2@4]")
			continue
		}
		r.process(90)
		r.Punctuate(100, true)
		r.want("next", r.NextWall(), 150)
		r.want("parked", r.process(149), Result{Wait: WaitParked, Until: 150})
		r.Punctuate(149, true)
		r.Punctuate(150, true)
		r.want("next", r.NextWall(), 250)
		r.Punctuate(250, true)
		r.want("outputs", outputs(r.Outbox()), "[out k=first@3 out k=2@4 out tick=@250]")
	}
}

func TestAPunctuationThatFailsNamesItsNode(t *testing.T) {
	fn := scheduling(func(n *fnNode) {
		n.ctx.Schedule(processor.WallClock, 10*time.Millisecond, func(int64) error { return errFlaky })
	})
	r := newRig(t, fn, "a")
	r.cfg.Policies.DeadLetterTopic = "dead"
	for _, c := range []struct {
		action processor.Action
		text   string
	}{
		{processor.Fail, "punctuate: task 1_3: node fn: flaky (set Policies.Punctuate to go on without this call)"},
		{processor.DeadLetter, "flaky (a punctuation has no record for the dead-letter topic)"},
		{processor.Replace, "flaky (a punctuation has no record to replace)"},
	} {
		r.cfg.Policies.Punctuate.Decide = func(*processor.Error) processor.Decision { return processor.Decision{Action: c.action} }
		r.start()
		r.add("a", "k=first@3")
		r.process(0)
		_, err := r.Punctuate(10, true)
		if !errors.Is(err, errFlaky) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("error is %v, want %s", err, c.text)
		}
	}
}

func TestStreamTimePunctuationWaitsForARecordAfterARestart(t *testing.T) {
	fn := func(n *fnNode, key, value string, m *graph.Meta) error { return n.out.Receive(key, value, m) }
	r := newRig(t, fn, "a")
	made := r.node.New
	r.node.New = func(gt graph.Task, outs []any) ([]any, error) {
		out := outs[0].(graph.Receiver[string, string])
		gt.Context(r.node).Schedule(processor.StreamTime, 10*time.Millisecond, func(now int64) error {
			return out.Receive("tick", "", &graph.Meta{Time: now, HasKey: true})
		})
		return made(gt, outs)
	}
	r.cfg.Restored = map[string]Metadata{"a": {PartitionTime: 500}}
	r.start()
	r.process(0)
	r.want("outputs", outputs(r.Outbox()), "[]")
	r.add("a", "k=1@450")
	r.process(0)
	r.want("outputs", outputs(r.Outbox()), "[out k=1@450 out tick=@500]")
}
