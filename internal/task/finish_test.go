package task

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// ender counts values in the store, and sends the count on when it is told
// that there are no more. It refuses as often as it was told to.
type ender struct {
	*fnNode
	refusals *int
}

func (n *ender) Receive(_, value string, _ *graph.Meta) error {
	n.store.put("seen", n.store.get("seen")+value)
	return nil
}

func (n *ender) Finish(now int64) error {
	seen := n.store.get("seen")
	n.store.put("seen", "")
	err := n.out.Receive("seen", seen, &graph.Meta{Time: now, HasKey: true, HasValue: true})
	if *n.refusals > 0 {
		*n.refusals--
		return errors.New("refused")
	}
	return err
}

// newEnderRig is a rig whose node is an ender.
func newEnderRig(t *testing.T, refusals int, p processor.Policy) *rig {
	r := newRig(t, nil, "a")
	r.cfg.Policies.Punctuate = p
	plain := r.node.New
	r.node.New = func(gt graph.Task, outs []any) ([]any, error) {
		ins, err := plain(gt, outs)
		return []any{&ender{ins[0].(*fnNode), &refusals}}, err
	}
	return r.start()
}

func (r *rig) finish(now int64) Result {
	r.Helper()
	res, err := r.Finish(now)
	if err != nil {
		r.Fatal(err)
	}
	return res
}

func TestWhatWaitsForLaterIsSentOnAtTheEnd(t *testing.T) {
	r := newEnderRig(t, 0, processor.Policy{})
	r.add("a", "k=1@1", "k=2@2")
	r.process(0)
	r.apply(r.commit(1))
	r.want("wait", r.finish(70).Wait, WaitNone)
	r.want("sent", strings.Join(outputs(r.Outbox()), " "), "out seen=12@70")
	r.want("a commit", fmt.Sprint(r.NeedsCommit(), r.CommitRequested()), "true true")
	r.want("counted", r.Published().Punctuations[processor.WallClock].Load(), 1)
	r.apply(r.commit(2))
	r.add("a", "k=3@3") // some more after all
	r.process(80)
	r.finish(90)
	r.want("sent", strings.Join(outputs(r.Outbox()), " "), "out seen=3@90")
}

func TestATaskThatHoldsNothingBackHasNothingToFinish(t *testing.T) {
	r := newRig(t, nil, "a").start()
	r.want("wait", r.finish(70).Wait, WaitNone)
	r.want("a commit", fmt.Sprint(r.NeedsCommit(), r.CommitRequested()), "false false")
}

func TestTheLastEmissionIsRetried(t *testing.T) {
	r := newEnderRig(t, 2, processor.Policy{Retries: 2, Backoff: 10 * time.Millisecond})
	r.add("a", "k=1@1")
	r.process(0)
	for _, c := range []struct {
		now  int64
		want string
	}{{100, "parked until 110"}, {109, "parked until 110"}, {110, "parked until 130"}, {130, "done"}} {
		got := "done"
		if res := r.finish(c.now); res.Wait == WaitParked {
			got = fmt.Sprint("parked until ", res.Until)
		}
		r.want(fmt.Sprint("at ", c.now), got, c.want)
	}
	r.want("sent", strings.Join(outputs(r.Outbox()), " "), "out seen=1@130")
	r.want("failed", r.failed, "[punctuate retry #1 punctuate retry #2]")
}

func TestTheLastEmissionIsSkippedOrFails(t *testing.T) {
	r := newEnderRig(t, 1, processor.Policy{Then: processor.Skip})
	r.add("a", "k=1@1")
	r.process(0)
	r.want("wait", r.finish(100).Wait, WaitNone)
	r.want("sent", outputs(r.Outbox()), "[]")
	r.want("kept", r.Store("s").(*memView).get("seen"), "1")

	r = newEnderRig(t, 1, processor.Policy{})
	r.add("a", "k=1@1")
	r.process(0)
	_, err := r.Finish(100)
	var e *processor.Error
	if !errors.As(err, &e) || e.Class != processor.Punctuate || e.Node != "fn" {
		t.Errorf("error is %v", err)
	}
	r.Discard()
	r.add("a", "k=1@1")
	r.process(0)
	r.finish(200)
	r.want("sent after all", strings.Join(outputs(r.Outbox()), " "), "out seen=1@200")
}
