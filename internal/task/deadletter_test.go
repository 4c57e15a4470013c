package task

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

func TestADeadLetterKeepsTheRecordAndSaysWhatHappened(t *testing.T) {
	r := newRig(t, meddle, "a")
	r.cfg.Policies = processor.Policies{
		DeadLetterTopic: "dead",
		Decode:          processor.Policy{Then: processor.DeadLetter},
		Process:         processor.Policy{Then: processor.DeadLetter, Retries: 1},
		Produce:         processor.Policy{Then: processor.DeadLetter},
	}
	r.start()
	r.add("a", "k=1@10", "k=bad one@20", "bad@25", "k=fail@30", "k=refuse@40")
	r.process(0)
	r.process(100)
	r.want("outputs", strings.Join(outputs(r.Outbox()), " "),
		"out k=1@10 dead k=bad one@20 dead bad=@25 dead k=fail@30 dead k=refuse@40")
	for i, want := range []map[string]string{
		1: {"class": "decode", "message": "no such value", "node": "source-a", "offset": "1", "attempts": "1"},
		2: {"class": "decode", "message": "no such key", "node": "source-a", "offset": "2", "attempts": "1"},
		3: {"class": "process", "message": "flaky", "node": "fn", "offset": "3", "attempts": "2"},
		4: {"class": "produce", "message": "refused", "node": "sink", "offset": "4", "attempts": "1"},
	} {
		if want == nil {
			continue
		}
		got := headers(r.Outbox().Headers(i))
		all := map[string]string{"h": "1", "millrace.error.version": "1", "millrace.error.topic": "a", "millrace.error.partition": "3"}
		for name, value := range want {
			all["millrace.error."+name] = value
		}
		r.want("headers", got, all)
	}
	if r.Outbox().Value(2) != nil {
		t.Error("a null value did not stay one")
	}
	c := r.commit(1)
	r.want("in the record's transaction", fmt.Sprint(c.Out.Len(), c.Offsets[0].Next), "5 5")
	r.want("dead letters", r.Published().Inputs[0].DeadLetters.Load(), 4)
	r.want("stream time", *r.StreamTime(), 10)
}

func TestADeadLetterThatFailsAgainHasOnlyTheNewestHeaders(t *testing.T) {
	r := newRig(t, meddle, "dead")
	r.cfg.Policies = processor.Policies{DeadLetterTopic: "dead", Process: processor.Policy{Then: processor.DeadLetter}}
	r.start()
	r.Add("dead", []graph.Input{{Key: []byte("k"), Value: []byte("fail"), Headers: []processor.Header{
		{Key: "millrace.error.message", Value: []byte("old")}, {Key: "x", Value: []byte("y")}, {Key: "millrace.error.hint", Value: []byte("old")},
	}}})
	r.process(0)
	list := r.Outbox().Headers(0)
	r.want("headers", len(list), 9)
	r.want("message", headers(list)["millrace.error.message"], "flaky")
	r.want("x", headers(list)["x"], "y")
}

func TestALongMessageIsCutInADeadLetter(t *testing.T) {
	long := strings.Repeat("é", 2000)
	r := newRig(t, func(*fnNode, string, string, *graph.Meta) error { return errors.New("x" + long) }, "a")
	r.cfg.Policies = processor.Policies{DeadLetterTopic: "dead", Process: processor.Policy{Then: processor.DeadLetter}}
	r.start()
	r.add("a", "k=1@1")
	r.process(0)
	r.want("message", headers(r.Outbox().Headers(0))["millrace.error.message"], ("x" + long)[:1023])
}

func TestADeadLetterOfAReplacedRecordHasTheOriginalBytes(t *testing.T) {
	r := newRig(t, nil, "a")
	r.cfg.Policies.DeadLetterTopic = "dead"
	r.cfg.Policies.Decode.Decide = func(e *processor.Error) processor.Decision {
		if e.Attempt < 3 {
			return processor.Decision{Action: processor.Replace, Value: []byte("bad again")}
		}
		return processor.Decision{Action: processor.DeadLetter}
	}
	r.start()
	r.add("a", "k=bad@5")
	r.process(0)
	r.want("outputs", outputs(r.Outbox()), "[dead k=bad@5]")
}

func TestADeadLetterTooLargeFails(t *testing.T) {
	r := newRig(t, meddle, "a")
	r.cfg.MaxRecordBytes = 100
	r.cfg.Policies = processor.Policies{DeadLetterTopic: "dead", Process: processor.Policy{Then: processor.DeadLetter}}
	r.start()
	r.add("a", "k=fail@1")
	_, err := r.Process(0, 100)
	if err == nil || !strings.Contains(err.Error(), "flaky (dead letter: a record for topic dead has") {
		t.Errorf("error is %v", err)
	}
	r.want("outputs", outputs(r.Outbox()), "[]")
}
