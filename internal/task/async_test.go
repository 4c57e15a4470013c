package task

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

func TestResultsComeInTheOrderOfAKey(t *testing.T) {
	r := newAsyncRig(t, "a")
	r.limits.Concurrency = 3
	r.up()
	r.add("a", "k=a@1", "k=b@2", "l=c@3", "-=d@4", "-=e@5")
	r.want("wait", r.process(0).Wait, WaitEmpty)
	r.want("running", len(r.open), 3) // a, c, d: b waits for a, e for room
	r.finish(2)
	r.want("woken", r.wakes, 1)
	r.process(0)
	r.finish(1)
	r.process(0)
	r.want("outputs", outputs(r.Outbox()), "[out -=D@4 out l=C@3]")
	r.want("open", r.InFlight(), 3)
	r.want("unfinished", r.Unfinished(), "fn: 3")
	r.finishAll(0)
	r.want("outputs", outputs(r.Outbox()), "[out -=D@4 out l=C@3 out k=A@1 out -=E@5 out k=B@2]")
	r.want("unfinished", r.Unfinished(), "")
}

// TestResultsFoundTogetherComeInTheOrderOfTheRecords, whichever was done first.
func TestResultsFoundTogetherComeInTheOrderOfTheRecords(t *testing.T) {
	r := newAsyncRig(t, "a")
	r.limits.Concurrency = 3
	r.up()
	r.add("a", "k=a@1", "l=b@2", "m=c@3")
	r.process(0)
	r.finish(2)
	r.finish(1)
	r.finish(0)
	r.process(0)
	r.want("outputs", outputs(r.Outbox()), "[out k=A@1 out l=B@2 out m=C@3]")
}

// TestTheOldestCallIsNext has a call wait for its key and a younger one for
// room. Positions move on with the oldest.
func TestTheOldestCallIsNext(t *testing.T) {
	r := newAsyncRig(t, "a").up()
	r.add("a", "k=a@1", "l=b@2", "l=c@3", "m=d@4")
	r.process(0)
	r.finish(1)
	r.process(0)
	r.finish(1)
	r.process(0)
	r.want("outputs", outputs(r.Outbox()), "[out l=B@2 out l=C@3]")
}

// TestConcurrencyWithoutABound is the largest number there is.
func TestConcurrencyWithoutABound(t *testing.T) {
	r := newAsyncRig(t, "a")
	r.limits.Concurrency = math.MaxInt
	r.up()
	r.add("a", "k=a@1", "l=b@2", "m=c@3")
	r.process(0)
	r.want("running", len(r.open), 3)
}

func TestANullPassesBehindEarlierCallsOfItsKey(t *testing.T) {
	r := newAsyncRig(t, "a").up()
	r.add("a", "k=a@1", "k@2", "l@3", "k=b@4")
	r.process(0)
	r.want("outputs", outputs(r.Outbox()), "[out l=@3]")
	r.want("running", len(r.open), 1)
	r.finish(0)
	r.process(0)
	r.want("outputs", outputs(r.Outbox()), "[out l=@3 out k=A@1 out k=@2]")
	r.finishAll(0)
	r.want("outputs", outputs(r.Outbox()), "[out l=@3 out k=A@1 out k=@2 out k=B@4]")
}

func TestAFullNodeTakesNoInput(t *testing.T) {
	r := newAsyncRig(t, "a").up()
	r.add("a", "k=1@1", "k=2@2", "k=3@3", "k=4@4", "k=5@5")
	res := r.process(0)
	r.want("result", res, Result{Records: 4, Wait: WaitAsync, Until: math.MaxInt64})
	r.finish(0)
	res = r.process(0)
	r.want("result", res, Result{Records: 1, Wait: WaitAsync, Until: math.MaxInt64})
	r.want("last", r.finishAll(0).Wait, WaitEmpty)
	r.want("outputs", outputs(r.Outbox()), "[out k=1@1 out k=2@2 out k=3@3 out k=4@4 out k=5@5]")
}

// TestAnyOrderOfAnswers draws records, the order in which their calls are done,
// which of them fail, and commits in between.
func TestAnyOrderOfAnswers(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newAsyncRig(t, "a", "b")
		r.limits.Concurrency = rapid.IntRange(1, 4).Draw(rt, "concurrency")
		r.limits.Retries = rapid.IntRange(0, 1).Draw(rt, "retries")
		r.cfg.Policies.Process = skip()
		r.answer = func(value string, try int) (string, error) {
			if strings.HasSuffix(value, "!") || strings.HasSuffix(value, "?") && try == 1 {
				return "", errDown
			}
			return value, nil
		}
		now, seq, sent := int64(0), 0, 0
		want, frozen := map[string][]string{}, map[string]int64{}
		type place struct {
			topic  string
			offset int64
		}
		taken, done := map[string]place{}, map[place]bool{}
		r.cfg.OnError = func(e *processor.Error, a processor.Action) {
			if a == processor.Skip {
				done[place{e.Topic, e.Offset}] = true
			}
		}
		r.up()
		var got []string // "key value"
		var commits []*Commit
		commit := func() {
			var out []string
			for i := range r.Outbox().Len() {
				value := string(r.Outbox().Value(i))
				out = append(out, string(r.Outbox().Key(i))+" "+value)
				done[taken[value]] = true
			}
			lowest := map[string]int64{"a": r.inputs[0].next, "b": r.inputs[1].next}
			for _, p := range taken {
				if !done[p] && p.offset < lowest[p.topic] {
					lowest[p.topic] = p.offset
				}
			}
			seq++
			c := r.commit(uint64(seq))
			if c == nil {
				return
			}
			got = append(got, out...)
			for _, o := range c.Offsets {
				if o.Next != lowest[o.Topic] || o.Next < frozen[o.Topic] {
					rt.Fatalf("commit of %s at %d, before it %d, the lowest open is %d", o.Topic, o.Next, frozen[o.Topic], lowest[o.Topic])
				}
				frozen[o.Topic] = o.Next
			}
			commits = append(commits, c)
		}
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			switch rapid.IntRange(0, 5).Draw(rt, "step") {
			case 0, 1:
				key := rapid.SampledFrom([]string{"k", "l", "m", "-"}).Draw(rt, "key")
				value := fmt.Sprint(sent) + rapid.SampledFrom([]string{"", "", "?", "!"}).Draw(rt, "fate")
				sent++
				topic := rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "topic")
				taken[value] = place{topic, r.Position(topic)}
				r.add(topic, fmt.Sprintf("%s=%s@%d", key, value, sent))
				if !strings.HasSuffix(value, "!") && (r.limits.Retries > 0 || !strings.HasSuffix(value, "?")) {
					want[key] = append(want[key], value)
				}
				r.process(now)
			case 2, 3:
				if len(r.open) > 0 {
					r.finish(rapid.IntRange(0, len(r.open)-1).Draw(rt, "call"))
				}
				r.process(now)
			case 4:
				now += 60
				r.process(now)
			case 5:
				commit()
				if len(commits) > 0 && rapid.Bool().Draw(rt, "apply") {
					r.apply(commits[0])
					commits = commits[1:]
				}
			}
			if len(r.open) > r.limits.Concurrency {
				rt.Fatalf("%d calls at once", len(r.open))
			}
		}
		for left := 1000; r.InFlight() > 0 || r.inputs[0].queue.n+r.inputs[1].queue.n > 0; left-- {
			if left == 0 {
				rt.Fatalf("%d calls never end", r.InFlight())
			}
			now += 1000
			r.process(now)
			if len(r.open) > 0 {
				r.finish(rapid.IntRange(0, len(r.open)-1).Draw(rt, "call"))
			}
		}
		r.process(now)
		commit()
		seen := map[string][]string{}
		for _, o := range got {
			key, value, _ := strings.Cut(o, " ")
			seen[key] = append(seen[key], value)
		}
		slices.Sort(want["-"])
		slices.Sort(seen["-"])
		if !maps.EqualFunc(want, seen, slices.Equal) {
			rt.Fatalf("results by key:\n got %v\nwant %v", seen, want)
		}
		if r.calls.nodes[0].running != 0 || len(r.calls.nodes[0].last) != 0 || r.calls.loose != 0 {
			rt.Fatal("something is left behind")
		}
	})
}

func TestACommitStaysBeforeTheOldestOpenCall(t *testing.T) {
	r := newAsyncRig(t, "a", "b").up()
	r.add("a", "k=1@10", "-=2@20")
	r.add("b", "l=3@30")
	r.limits.Concurrency = 9
	r.process(0)
	r.want("next", r.lows(), "a:0 b:0")
	if r.NeedsCommit() {
		t.Error("a commit would have nothing in it")
	}
	r.finish(1)
	r.process(0)
	r.want("next", r.lows(), "a:0 b:0")
	c := r.commit(1)
	r.want("outputs", outputs(c.Out), "[out -=2@20]")
	r.want("offsets", offsetsOf(c), "[a:0 b:0]")
	m, _ := DecodeMetadata(c.Offsets[0].Metadata)
	r.want("times", fmt.Sprint(m.PartitionTime, m.Times), "-1 [{fn -1}]")
	r.apply(c)
	r.finish(0)
	r.process(0)
	r.want("next", r.lows(), "a:2 b:0")
	c = r.commit(2)
	r.want("offsets", offsetsOf(c), "[a:2]")
	m, _ = DecodeMetadata(c.Offsets[0].Metadata)
	r.want("times", fmt.Sprint(m.PartitionTime, m.Times), "20 [{fn 20}]")
	r.apply(c)
	r.Discard()
	r.want("positions", fmt.Sprint(r.Position("a"), r.Position("b"), r.InFlight()), "2 0 0")
	r.want("operator time", *r.OperatorTime(r.node), 20)
	r.process(0)
	r.add("b", "l=3@30")
	r.want("lag", r.process(0).Records, 1)
	r.finishAll(0)
	r.want("offsets", offsetsOf(r.commit(3)), "[b:1]")
}

func offsetsOf(c *Commit) (list []string) {
	for _, o := range c.Offsets {
		list = append(list, fmt.Sprintf("%s:%d", o.Topic, o.Next))
	}
	return list
}

func TestExactlyOnceDrainsBeforeACommit(t *testing.T) {
	r := newAsyncRig(t, "a")
	r.cfg.ExactlyOnce = true
	r.up()
	r.add("a", "k=1@1", "k=2@2")
	r.process(0)
	if _, err := r.Commit(1, 0); err == nil || !strings.Contains(err.Error(), "calls were open (fn: 2)") {
		t.Errorf("a commit with open calls: %v", err)
	}
	for range 2 {
		res, err := r.Drain(0)
		r.want("drain", fmt.Sprint(res.Wait, err), fmt.Sprint(WaitAsync, nil))
		r.finish(0)
	}
	res, err := r.Drain(0)
	r.want("drain", fmt.Sprint(res.Wait, err), fmt.Sprint(WaitNone, nil))
	c := r.commit(2)
	r.want("commit", fmt.Sprint(outputs(c.Out), offsetsOf(c)), "[out k=1@1 out k=2@2] [a:2]")
}

// TestAFlushMayMakeCalls has a node flush what it has held back into calls, and
// hold back what they bring. All of that is one commit.
func TestAFlushMayMakeCalls(t *testing.T) {
	for _, exactlyOnce := range []bool{true, false} {
		r := newAsyncRig(t, "a")
		r.cfg.ExactlyOnce = exactlyOnce
		pending := 2
		r.flush = func(n *asyncTestNode) error {
			if pending > 0 {
				pending--
				n.call("f", "flushed", &graph.Meta{Time: 7, HasKey: true, HasValue: true})
			}
			return nil
		}
		r.up()
		for range 2 {
			res, err := r.Drain(0)
			r.want("drain", fmt.Sprint(res.Wait, err), fmt.Sprint(WaitAsync, nil))
			r.finish(0)
		}
		res, err := r.Drain(0)
		r.want("drain", fmt.Sprint(res.Wait, err), fmt.Sprint(WaitNone, nil))
		r.want("outputs", outputs(r.commit(1).Out), "[out f=FLUSHED@7 out f=FLUSHED@7]")
	}
}

// TestACommitWaitsForCallsOfAPunctuation: it would not come again.
func TestACommitWaitsForCallsOfAPunctuation(t *testing.T) {
	r := newAsyncRig(t, "a")
	r.cfg.Policies.Punctuate = processor.Policy{Retries: 1, Then: processor.Skip}
	r.start = func(n *asyncTestNode) {
		n.ctx.Schedule(processor.StreamTime, time.Hour, func(now int64) error {
			n.call("p", "tick", &graph.Meta{Time: now, HasKey: true, HasValue: true})
			return nil
		})
	}
	r.answer = func(value string, try int) (string, error) {
		if value == "tick" {
			return "", errDown
		}
		return value, nil
	}
	r.up()
	r.add("a", "k=1@1")
	r.process(0)
	r.want("running", len(r.open), 2)
	r.finish(1)
	res, err := r.Drain(0)
	r.want("drain", fmt.Sprint(res.Wait, res.Until, err), fmt.Sprint(WaitAsync, 100, nil))
	if !r.NeedsCommit() {
		t.Error("nobody would wait for the call")
	}
	res, err = r.Drain(100)
	r.want("drain", fmt.Sprint(res.Wait, err), fmt.Sprint(WaitAsync, nil))
	r.finish(1)
	res, err = r.Drain(100)
	r.want("drain", fmt.Sprint(res.Wait, err), fmt.Sprint(WaitNone, nil))
	r.want("errors", r.failed, "[punctuate retry #1 punctuate skip #2]")
	r.want("in flight", r.InFlight(), 1)
}

func TestRetriesOfACall(t *testing.T) {
	r := newAsyncRig(t, "a")
	r.limits.Retries = 2
	r.cfg.Policies.Process = processor.Policy{Retries: 1, Backoff: time.Second, Then: processor.Skip}
	tries := map[string]int{}
	r.answer = func(value string, _ int) (string, error) {
		tries[value]++
		if value == "down" {
			return "", errDown
		}
		return value, nil
	}
	r.up()
	r.add("a", "k=down@1", "k=next@2", "l=other@3")
	r.process(0)
	var ats []int64
	for at := int64(0); len(r.failed) < 6; {
		for len(r.open) > 0 {
			r.finish(0)
			r.process(at)
		}
		at = r.process(at).Until
		ats = append(ats, at)
		r.process(at)
	}
	r.finishAll(2000)
	r.want("times", ats[:5], "[100 300 1300 1400 1600]")
	r.want("outputs", outputs(r.Outbox()), "[out l=other@3 out k=next@2]")
	r.want("errors", r.failed, "[process retry #1 process retry #2 process retry #1 process retry #1 process retry #2 process skip #2]")
	r.want("tries", tries["down"], 6)
	r.want("skipped", r.drops("skipped"), 1)
}

func TestPoliciesForAFailedCall(t *testing.T) {
	t.Run("fail", func(t *testing.T) {
		r := newAsyncRig(t, "a")
		r.answer = func(string, int) (string, error) { return "", errDown }
		r.up()
		r.add("a", "k=1@1", "l=2@2", "k=3@3")
		r.process(0)
		r.finish(1)
		for attempt := 1; attempt <= 2; attempt++ {
			_, err := r.Process(0, 100)
			var e *processor.Error
			if !errors.As(err, &e) || !errors.Is(err, errDown) {
				t.Fatalf("error is %v", err)
			}
			r.want("error", e, "process: task 1_3: node fn: topic a partition 3 offset 1: service is down (set Policies.Process to go on without such records)")
			r.want("attempt", e.Attempt, attempt)
		}
	})
	t.Run("dead letter", func(t *testing.T) {
		r := newAsyncRig(t, "a")
		r.cfg.Policies = processor.Policies{Process: processor.Policy{Then: processor.DeadLetter}, DeadLetterTopic: "dead"}
		r.answer = func(value string, _ int) (string, error) {
			if value == "down" {
				return "", errDown
			}
			return value, nil
		}
		r.up()
		r.add("a", "k=1@1", "l=down@2", "l=2@3")
		r.process(0)
		r.finishAll(0)
		r.want("outputs", outputs(r.Outbox()), "[out k=1@1 dead l=down@2 out l=2@3]")
		h := headers(r.Outbox().Headers(1))
		r.want("headers", []string{h["h"], h["millrace.error.topic"], h["millrace.error.offset"], h["millrace.error.node"], h["millrace.error.class"]}, "[1 a 1 fn process]")
		r.want("position", offsetsOf(r.commit(1)), "[a:3]")
	})
	t.Run("dead letter after retries", func(t *testing.T) {
		r := newAsyncRig(t, "a")
		r.limits.Retries = 2
		r.cfg.Policies = processor.Policies{Process: processor.Policy{Retries: 1, Then: processor.DeadLetter}, DeadLetterTopic: "dead"}
		r.answer = func(string, int) (string, error) { return "", errDown }
		r.up()
		r.add("a", "k=down@1")
		for at := int64(0); r.Outbox().Len() == 0; at += 100 {
			r.process(at)
			r.finishAll(at)
		}
		r.want("attempts", headers(r.Outbox().Headers(0))["millrace.error.attempts"], "6")
	})
	t.Run("replace", func(t *testing.T) {
		r := newAsyncRig(t, "a")
		r.cfg.Policies.Process.Decide = func(*processor.Error) processor.Decision {
			return processor.Decision{Action: processor.Replace}
		}
		r.answer = func(string, int) (string, error) { return "", errDown }
		r.up()
		r.add("a", "k=1@1")
		r.process(0)
		r.finish(0)
		if _, err := r.Process(0, 100); err == nil || !strings.Contains(err.Error(), "cannot be replaced") {
			t.Errorf("error is %v", err)
		}
	})
}

func TestACallThatPanicsOrEndsItsGoroutine(t *testing.T) {
	r := newAsyncRig(t, "a")
	r.answer = func(value string, _ int) (string, error) {
		if value == "panic" {
			panic("no service")
		}
		runtime.Goexit()
		return "", nil
	}
	r.up()
	r.add("a", "k=panic@1", "l=exit@2")
	r.process(0)
	first := r.open[0]
	r.finish(0)
	_, err := r.Process(0, 100)
	var e *processor.Error
	if !errors.As(err, &e) || !strings.Contains(string(e.Stack), "_test.go") || first.ctx.Err() != nil {
		t.Errorf("error is %v", err)
	}
	r.want("node", e.Node, "fn")
	r.Discard()
	r.process(0)
	r.add("a", "k=exit@1")
	r.process(0)
	done := make(chan struct{})
	go func() { defer close(done); r.finish(len(r.open) - 1) }()
	<-done
	if _, err := r.Process(0, 100); !errors.Is(err, errEnded) {
		t.Errorf("error is %v", err)
	}
}

// TestAFailedRecordMakesNoCall fails records after they have added calls, alone
// and behind others of their key.
func TestAFailedRecordMakesNoCall(t *testing.T) {
	r := newAsyncRig(t, "a")
	r.cfg.Policies.Process = skip()
	r.step = func(n *asyncTestNode, key, value string) error {
		if strings.HasPrefix(value, "fail") {
			n.call("new", "never", &graph.Meta{HasKey: true, HasValue: true})
			n.call(key, "never", &graph.Meta{HasKey: true, HasValue: true})
			return errFlaky
		}
		return nil
	}
	r.up()
	r.add("a", "k=fail@1", "k=a@2", "k=fail@3", "k=b@4", "-=fail@5", "k=fail@6")
	r.process(0)
	r.want("skipped", r.drops("skipped"), 4)
	r.want("open", r.InFlight(), 2)
	r.finishAll(0)
	r.want("outputs", outputs(r.Outbox()), "[out k=A@2 out k=B@4]")
	r.want("keys", len(r.calls.nodes[0].last), 0)
}

// TestAResultIsARecord has what comes behind a call fail: it leaves no trace,
// and the context names the record that the call was made for.
func TestAResultIsARecord(t *testing.T) {
	r := newAsyncRig(t, "a")
	r.cfg.Policies.Process = processor.Policy{Retries: 1, Then: processor.Skip}
	var places []string
	r.result = func(n *asyncTestNode, key, value string, m *graph.Meta) error {
		places = append(places, fmt.Sprintf("%s-%d@%d", n.ctx.Topic(), n.ctx.Partition(), n.ctx.Offset()))
		r.want("store clock", *n.store.now, m.Time)
		n.store.put(key, value)
		if err := n.out.Receive(key, value, m); err != nil {
			return err
		}
		if value == "DOWN" {
			return errFlaky
		}
		return nil
	}
	r.up()
	r.add("a", "k=good@10", "l=down@20", "l=after@30")
	r.process(0)
	r.finish(1)
	r.want("until", r.process(0).Until, 100)
	r.finish(0)
	r.process(0)
	r.process(100)
	r.finishAll(100)
	r.want("outputs", outputs(r.Outbox()), "[out k=GOOD@10 out l=AFTER@30]")
	r.want("store", fmt.Sprint(r.Store("s").(*memView).live()), "map[k:GOOD l:AFTER]")
	r.want("places", places, "[a-3@1 a-3@0 a-3@1 a-3@2]")
	r.want("errors", r.failed, "[process retry #1 process skip #2]")
}

// TestACallBehindACallHoldsTheRecord: a record is done when all that came of it
// is.
func TestACallBehindACallHoldsTheRecord(t *testing.T) {
	r := newAsyncRig(t, "a")
	r.result = func(n *asyncTestNode, key, value string, m *graph.Meta) error {
		if strings.HasSuffix(value, "++") {
			return n.out.Receive(key, value, m)
		}
		n.call(key, value+"+", m)
		return nil
	}
	r.up()
	r.add("a", "k=a@1", "l=b@2")
	r.process(0)
	for _, next := range []string{"a:0", "a:0", "a:0", "a:0", "a:1", "a:2"} {
		r.finish(0)
		r.process(0)
		r.want("position", r.lows(), next)
	}
	r.want("outputs", outputs(r.Outbox()), "[out k=A++@1 out l=B++@2]")
}

func TestDiscardForgetsCalls(t *testing.T) {
	r := newAsyncRig(t, "a").up()
	r.add("a", "k=old@1", "k=queued@2")
	r.process(0)
	old := r.open[0]
	r.Discard()
	if old.ctx.Err() == nil {
		t.Error("the context of the call did not end")
	}
	r.want("open", r.InFlight(), 0)
	res, err := r.Drain(0)
	r.want("drain", fmt.Sprint(res.Wait, err), fmt.Sprint(WaitNone, nil))
	r.process(0)
	r.add("a", "k=new@1")
	r.process(0)
	r.finish(0) // the old one
	r.process(0)
	r.want("outputs", len(outputs(r.Outbox())), 0)
	r.finishAll(0)
	r.want("outputs", outputs(r.Outbox()), "[out k=NEW@1]")
}

// TestInlineCalls are done when Process, Punctuate or Commit returns: nobody
// has to know of them.
func TestInlineCalls(t *testing.T) {
	for _, exactlyOnce := range []bool{true, false} {
		r := newAsyncRig(t, "a")
		r.cfg.Executor, r.cfg.Wake, r.cfg.ExactlyOnce = nil, nil, exactlyOnce
		r.limits.Retries = 1
		r.answer = func(value string, try int) (string, error) {
			if value == "2" && try == 1 {
				return "", errDown
			}
			return value, nil
		}
		flushed := false
		r.flush = func(n *asyncTestNode) error {
			if !flushed {
				n.call("f", "flush", &graph.Meta{Time: 8, HasKey: true, HasValue: true})
			}
			flushed = true
			return nil
		}
		r.start = func(n *asyncTestNode) {
			n.call("s", "start", &graph.Meta{Time: 9, HasKey: true, HasValue: true})
			n.ctx.Schedule(processor.WallClock, time.Second, func(now int64) error {
				n.call("p", "tick", &graph.Meta{Time: now, HasKey: true, HasValue: true})
				return nil
			})
		}
		r.up()
		r.want("open", r.InFlight(), 1) // made at the start, done, not resumed
		r.add("a", "k=1@1", "k=2@2", "k=3@3")
		r.want("until", r.process(0).Until, 100)
		r.process(100)
		if _, err := r.Punctuate(1000, true); err != nil {
			t.Fatal(err)
		}
		r.want("open", r.InFlight(), 0)
		c := r.commit(1)
		r.want("outputs", outputs(c.Out), "[out s=start@9 out k=1@1 out k=2@2 out k=3@3 out p=tick@1000 out f=flush@8]")
		r.want("offsets", offsetsOf(c), "[a:3]")
	}
}
