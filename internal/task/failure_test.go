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

var errFlaky = errors.New("flaky")

// meddle writes to everything that a failed record must take back, and then
// fails if the value says so. "late" counts a dropped record.
func meddle(n *fnNode, key, value string, m *graph.Meta) error {
	n.store.put(key, n.store.get(key)+value)
	*n.time = max(*n.time, m.Time)
	*n.dropped++
	if err := n.out.Receive(key, n.store.get(key), m); err != nil {
		return err
	}
	switch value {
	case "fail":
		return graph.At(n.r.node, errFlaky)
	case "panic":
		var none []int
		_ = none[len(value)]
	case "refuse":
		return n.out.Receive(key, "unwritable", m)
	}
	return nil
}

func skip() processor.Policy { return processor.Policy{Then: processor.Skip} }

func TestAFailedRecordLeavesNoTrace(t *testing.T) {
	for _, value := range []string{"fail", "panic", "refuse"} {
		t.Run(value, func(t *testing.T) {
			r := newRig(t, meddle, "a")
			r.cfg.Policies.Process, r.cfg.Policies.Produce = skip(), skip()
			r.start()
			r.add("a", "k=1@10", "k="+value+"@90", "k=2@20")
			r.want("records", r.process(0).Records, 3)
			r.want("outputs", outputs(r.Outbox()), "[out k=1@10 out k=12@20]")
			r.want("store", r.Store("s").(*memView).get("k"), "12")
			r.want("stream time", *r.StreamTime(), 20)
			r.want("operator time", *r.OperatorTime(r.node), 20)
			r.want("counter", r.drops("null_key"), 2)
			r.want("skipped", r.drops("skipped"), 1)
			c := r.commit(1)
			r.want("records", c.Records, 2)
			r.want("position", c.Offsets[0].Next, 3)
			m, _ := DecodeMetadata(c.Offsets[0].Metadata)
			r.want("partition time", m.PartitionTime, 20)
		})
	}
}

func TestFailNamesThePlaceAndKeepsTheRecord(t *testing.T) {
	for _, c := range []struct{ value, class, node, text string }{
		{"fail", "process", "fn", "process: task 1_3: node fn: topic a partition 3 offset 1: flaky (set Policies.Process to go on without such records)"},
		{"panic", "process", "", "process: task 1_3: topic a partition 3 offset 1: panic: runtime error: index out of range [5] with length 0 (user code panicked, its stack is in the field Stack)"},
		{"refuse", "produce", "sink", "produce: task 1_3: node sink: topic a partition 3 offset 1: refused (set Policies.Produce to go on without such records)"},
		{"bad", "decode", "source-a", "decode: task 1_3: node source-a: topic a partition 3 offset 1: no such value (check the topic's serdes, or set a decode policy)"},
		{"boom", "decode", "source-a", "decode: task 1_3: node source-a: topic a partition 3 offset 1: panic: head (user code panicked, its stack is in the field Stack)"},
	} {
		t.Run(c.value, func(t *testing.T) {
			r := newRig(t, meddle, "a").start()
			r.add("a", "k=1@1", "k="+c.value+"@2", "k=3@3")
			for attempt := 1; attempt <= 2; attempt++ {
				_, err := r.Process(0, 100)
				var e *processor.Error
				if !errors.As(err, &e) {
					t.Fatalf("error is %v", err)
				}
				r.want("error", e, c.text)
				r.want("node", e.Node, c.node)
				r.want("class", e.Class, c.class)
				r.want("attempt", e.Attempt, attempt)
				if panicked := strings.Contains(c.text, "panic"); panicked != (e.Stack != nil) {
					t.Errorf("stack is %q", e.Stack)
				} else if panicked && !strings.Contains(string(e.Stack), "_test.go") {
					t.Errorf("the stack does not show the user's code:\n%s", e.Stack)
				}
			}
			// What came before may be committed; the record is not.
			r.want("position", r.commit(1).Offsets[0].Next, 1)
			r.want("observed", r.failed, fmt.Sprintf("[%[1]s fail #1 %[1]s fail #2]", c.class))
			r.want("errors", r.Published().Errors[map[string]int{"decode": 0, "process": 1, "produce": 3}[c.class]][processor.Fail].Load(), 2)
		})
	}
}

func TestRetryParksTheTaskWithDoublingBackoff(t *testing.T) {
	failing := true
	r := newRig(t, func(n *fnNode, key, value string, m *graph.Meta) error {
		if value == "flaky" && failing {
			return errFlaky
		}
		return n.out.Receive(key, value, m)
	}, "a")
	r.cfg.Policies.Process = processor.Policy{Retries: 9, Backoff: 10 * time.Millisecond}
	r.start()
	r.add("a", "k=1@1", "k=flaky@2", "k=3@3")
	now := int64(1000)
	for i, pause := range []int64{10, 20, 40, 80, 160, 320, 640, 640} {
		res := r.process(now)
		if want := (Result{Wait: WaitParked, Until: now + pause}); res != want && i > 0 {
			t.Fatalf("attempt %d at %d: %+v, want %+v", i+1, now, res, want)
		}
		r.want("parked", r.process(now+pause-1), Result{Wait: WaitParked, Until: now + pause})
		now += pause
	}
	failing = false
	r.want("the end", r.process(now).Records, 2)
	r.want("outputs", outputs(r.Outbox()), "[out k=1@1 out k=flaky@2 out k=3@3]")
	r.want("retries", r.Published().Errors[processor.Process][processor.Retry].Load(), 8)
}

func TestWhenNoRetryIsLeftThenIsDone(t *testing.T) {
	r := newRig(t, meddle, "a")
	r.cfg.Policies.Process = processor.Policy{Retries: 2, Then: processor.Skip}
	r.start()
	r.add("a", "k=fail@1", "k=2@2", "k=fail@3")
	for now := int64(0); now < 2000; now += 50 {
		r.process(now)
	}
	r.want("outputs", outputs(r.Outbox()), "[out k=2@2]")
	// The count begins anew with each record.
	r.want("observed", r.failed, "[process retry #1 process retry #2 process skip #3 process retry #1 process retry #2 process skip #3]")
}

func TestClassesCountTheirAttemptsApart(t *testing.T) {
	fails := 0
	r := newRig(t, func(n *fnNode, key, value string, m *graph.Meta) error {
		if fails++; fails == 1 {
			return errFlaky
		}
		if fails == 2 {
			return n.out.Receive(key, "unwritable", m)
		}
		return n.out.Receive(key, value, m)
	}, "a")
	retry := processor.Policy{Retries: 1}
	r.cfg.Policies.Process, r.cfg.Policies.Produce = retry, retry
	r.start()
	r.add("a", "k=1@1")
	for now := int64(0); now < 1000; now += 100 {
		r.process(now)
	}
	r.want("outputs", outputs(r.Outbox()), "[out k=1@1]")
	r.want("observed", r.failed, "[process retry #1 produce retry #1]")
}

func TestNullValueTakesTheValueAsNull(t *testing.T) {
	first := true
	r := newRig(t, func(n *fnNode, key, value string, m *graph.Meta) error {
		if first {
			first = false
			return errFlaky // the null must outlive a retry of the next class
		}
		return n.out.Receive(key, value, m)
	}, "a")
	r.sources[0].Source.Decode = &processor.Policy{Then: processor.NullValue}
	r.cfg.Policies.Process = processor.Policy{Retries: 1}
	r.start()
	r.add("a", "k=bad@5", "k=2@6")
	r.process(0)
	r.process(100)
	r.want("outputs", outputs(r.Outbox()), "[out k=@5 out k=2@6]")
	if r.Outbox().Value(0) != nil {
		t.Error("the value is not null")
	}
	r.want("observed", r.failed, "[decode null_value #1 process retry #1]")
}

func TestNullValueFailsIfTheKeyIsBadToo(t *testing.T) {
	r := newRig(t, nil, "a")
	r.sources[0].Source.Decode = &processor.Policy{Then: processor.NullValue}
	r.start()
	r.add("a", "bad=bad@5")
	_, err := r.Process(0, 100)
	if err == nil || !strings.Contains(err.Error(), "no such key (the record cannot be decoded with a null value either)") {
		t.Errorf("error is %v", err)
	}
}

func TestTheSourcesDecodePolicyComesBeforeTheApplications(t *testing.T) {
	r := newRig(t, nil, "a", "b")
	r.cfg.Policies.Decode = skip()
	r.sources[1].Source.Decode = &processor.Policy{}
	r.start()
	r.add("a", "k=bad@1")
	r.add("b", "k=bad@1")
	_, err := r.Process(0, 100)
	var e *processor.Error
	if !errors.As(err, &e) || e.Topic != "b" {
		t.Errorf("error is %v", err)
	}
	r.want("skipped", r.drops("skipped"), 1)
}

func TestDecideMayReplaceTheBytes(t *testing.T) {
	var asked []string
	r := newRig(t, meddle, "a")
	decide := processor.Policy{Decide: func(e *processor.Error) processor.Decision {
		asked = append(asked, fmt.Sprint(e.Class, e.Attempt))
		switch len(asked) {
		case 1:
			return processor.Decision{Action: processor.Replace, Key: []byte("k"), Value: []byte("fail")}
		case 2:
			return processor.Decision{Action: processor.Replace, Key: []byte("other")}
		}
		return processor.Decision{Action: processor.Fail}
	}}
	r.cfg.Policies.Decode, r.cfg.Policies.Process = decide, decide
	r.start()
	r.add("a", "k=bad@5", "k=2@6")
	r.process(0)
	r.want("asked", asked, "[decode 1 process 1]")
	r.want("outputs", outputs(r.Outbox()), "[out other=@5 out k=2@6]")
	if _, bytes := r.BufferedTotal(); bytes != 0 {
		t.Errorf("%d bytes are left", bytes)
	}
}

func TestReplacingForEverDoesNotHangTheBatch(t *testing.T) {
	r := newRig(t, nil, "a")
	r.cfg.Policies.Decode.Decide = func(*processor.Error) processor.Decision {
		return processor.Decision{Action: processor.Replace, Value: []byte("bad")}
	}
	r.start()
	r.add("a", "k=bad@5")
	r.want("result", r.process(7), Result{Wait: WaitNone, Until: 7})
	r.want("attempts", len(r.failed), 100)
}

func TestDecisionsThatCannotBeDoneFail(t *testing.T) {
	for _, c := range []struct {
		record string
		action processor.Action
		text   string
	}{
		{"k=fail@1", processor.NullValue, "flaky (null_value is for decode errors only)"},
		{"k=fail@1", processor.DeadLetter, "flaky (dead_letter needs Policies.DeadLetterTopic)"},
		{"k=fail@1", processor.Action(99), "flaky (action(99) is no action)"},
	} {
		r := newRig(t, meddle, "a")
		r.cfg.Policies.Process.Decide = func(*processor.Error) processor.Decision { return processor.Decision{Action: c.action} }
		r.start()
		r.add("a", c.record)
		_, err := r.Process(0, 100)
		if err == nil || !strings.Contains(err.Error(), c.text) || !errors.Is(err, errFlaky) {
			t.Errorf("%s: error is %v", c.action, err)
		}
		r.want("observed", r.failed, "[process fail #1]")
	}
}

func TestADecideThatPanicsFails(t *testing.T) {
	r := newRig(t, meddle, "a")
	r.cfg.Policies.Process.Decide = func(*processor.Error) processor.Decision { panic("undecided") }
	r.start()
	r.add("a", "k=fail@1")
	_, err := r.Process(0, 100)
	if err == nil || !strings.Contains(err.Error(), "flaky (Policy.Decide: panic: undecided)") {
		t.Errorf("error is %v", err)
	}
}

func TestPoliciesThatMakeNoSenseAreRefused(t *testing.T) {
	for _, c := range []struct {
		p    processor.Policies
		text string
	}{
		{processor.Policies{Decode: processor.Policy{Then: processor.DeadLetter}}, "Policies.Decode: dead_letter needs Policies.DeadLetterTopic"},
		{processor.Policies{Process: processor.Policy{Then: processor.NullValue}}, "Policies.Process: null_value is for decode errors only"},
		{processor.Policies{Process: processor.Policy{Then: processor.Retry}}, "Policies.Process: Then cannot be retry: set Retries, or Decide"},
		{processor.Policies{Produce: processor.Policy{Retries: -1}}, "Policies.Produce: Retries and Backoff must not be negative"},
		{processor.Policies{Punctuate: processor.Policy{Then: processor.DeadLetter}, DeadLetterTopic: "d"}, "Policies.Punctuate: a punctuation has no record for the dead-letter topic"},
	} {
		r := newRig(t, nil, "a")
		r.cfg.Policies = c.p
		if _, err := New(r.cfg); err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("error is %v, want %s", err, c.text)
		}
	}
}

func TestRecordsTooLargeAreProduceErrors(t *testing.T) {
	r := newRig(t, nil, "a")
	r.cfg.MaxRecordBytes = 20
	r.cfg.Policies.Produce = skip()
	r.start()
	r.add("a", "k=small@1", "k="+strings.Repeat("x", 20)+"@2")
	r.process(0)
	r.want("outputs", outputs(r.Outbox()), "[out k=small@1]")
	r.want("observed", r.failed, "[produce skip #1]")
}

func TestAnEntryTooLargeForTheChangelogStopsTheCommit(t *testing.T) {
	r := newRig(t, meddle, "a")
	r.cfg.MaxRecordBytes = 50
	r.start()
	r.add("a", "k="+strings.Repeat("x", 30)+"@1")
	r.process(0)
	r.Store("s").(*memView).put("large", strings.Repeat("x", 60))
	_, err := r.Commit(1, 0)
	if err == nil || !strings.Contains(err.Error(), "commit: task 1_3: store s: an entry has 65 bytes") {
		t.Errorf("error is %v", err)
	}
}

func TestAnErrorUnderACancelledContextIsNotDecided(t *testing.T) {
	r := newRig(t, func(n *fnNode, _, _ string, _ *graph.Meta) error {
		n.r.Cancel() // as another goroutine does when it aborts
		<-n.ctx.Context().Done()
		return n.ctx.Context().Err()
	}, "a")
	r.cfg.Policies.Process = skip()
	r.start()
	r.add("a", "k=1@1", "k=2@2")
	if _, err := r.Process(0, 100); err == nil {
		t.Error("no error")
	}
	r.want("observed", r.failed, "[]")
	if _, err := r.Process(0, 100); err == nil {
		t.Error("no error before Discard")
	}
	n, _ := r.Buffered("a")
	r.want("buffered", n, 2)
}

func TestCancelEndsTheBatch(t *testing.T) {
	r := newRig(t, func(n *fnNode, key, value string, m *graph.Meta) error {
		n.r.Cancel()
		return nil
	}, "a").start()
	r.add("a", "k=1@1", "k=2@2")
	r.want("result", r.process(3), Result{Records: 1, Until: 3})
}

func TestBackoffIsBounded(t *testing.T) {
	for attempt, want := range map[int]time.Duration{1: 100 * time.Millisecond, 2: 200 * time.Millisecond, 7: 6400 * time.Millisecond, 1000: 6400 * time.Millisecond} {
		if got := backoff(0, attempt); got != want {
			t.Errorf("after attempt %d: %s, want %s", attempt, got, want)
		}
	}
	if got := later(math.MaxInt64-5, time.Second); got != math.MaxInt64 {
		t.Errorf("later overflows to %d", got)
	}
}
