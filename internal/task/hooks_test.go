package task

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// holder holds back the values of records until the transaction is frozen,
// sends them on joined by "+", and writes down what it is called for.
type holder struct {
	*fnNode
	held   []string
	mark   int
	calls  *[]string
	refuse func() error // what Flush answers after it has sent
}

func (n *holder) Receive(_, value string, _ *graph.Meta) error {
	n.held = append(n.held, value)
	if value == "fail" {
		return errors.New("refused")
	}
	return nil
}

func (n *holder) Mark() { n.mark = len(n.held) }
func (n *holder) Undo() { n.held = n.held[:n.mark] }

func (n *holder) Flush(now int64) error {
	n.note("flush", now)
	if len(n.held) == 0 {
		return nil
	}
	n.store.put("held", strings.Join(n.held, "+"))
	err := n.out.Receive("held", strings.Join(n.held, "+"), &graph.Meta{Time: now, HasKey: true, HasValue: true})
	n.held = n.held[:0]
	if err == nil && n.refuse != nil {
		err = n.refuse()
	}
	return err
}

func (n *holder) Frozen(seq uint64)  { n.note("frozen", int64(seq)) }
func (n *holder) Applied(seq uint64) { n.note("applied", int64(seq)) }

func (n *holder) note(call string, arg int64) { *n.calls = append(*n.calls, fmt.Sprint(call, arg)) }

// newHolderRig is a rig whose node is a holder.
func newHolderRig(t *testing.T) (r *rig, node func() *holder, calls *[]string) {
	r, calls = newRig(t, nil, "a"), new([]string)
	var made *holder
	plain := r.node.New
	r.node.New = func(gt graph.Task, outs []any) ([]any, error) {
		ins, err := plain(gt, outs)
		made = &holder{fnNode: ins[0].(*fnNode), calls: calls}
		return []any{made}, err
	}
	return r, func() *holder { return made }, calls
}

func TestWhatANodeHoldsBackIsPartOfTheTransaction(t *testing.T) {
	r, _, calls := newHolderRig(t)
	r.start()
	r.add("a", "k=1@1", "k=2@2")
	r.process(0)
	r.want("out before", outputs(r.Outbox()), "[]")
	first := r.commit(1)
	r.want("out", outputs(first.Out), "[out held=1+2@0]")
	r.want("stores", len(first.Stores), 1)
	r.add("a", "k=3@3")
	r.process(0)
	second := r.commit(2)
	r.want("out", outputs(second.Out), "[out held=3@0]")
	r.apply(first)
	r.apply(second)
	r.want("calls", *calls, "[flush0 frozen1 flush0 frozen2 applied1 applied2]")
}

// A commit in which nothing has moved is none: nodes are flushed, and not told
// of a transaction that does not exist.
func TestEmptyCommitIsNotFrozen(t *testing.T) {
	r, _, calls := newHolderRig(t)
	r.start()
	if c := r.commit(1); c != nil {
		t.Errorf("got %+v", c)
	}
	r.want("calls", *calls, "[flush0]")
}

func TestFailedRecordLeavesNothingInAJournal(t *testing.T) {
	r, node, _ := newHolderRig(t)
	r.cfg.Policies.Process.Then = processor.Skip
	r.start()
	r.add("a", "k=1@1", "k=fail@2", "k=3@3")
	r.process(0)
	r.want("held", node().held, "[1 3]")
	r.want("failed", r.failed, "[process skip #1]")
}

// Aborted work is made anew by nodes that know nothing of it.
func TestAbortThrowsAwayWhatNodesHold(t *testing.T) {
	r, _, calls := newHolderRig(t)
	r.start()
	r.add("a", "k=1@1")
	r.process(0)
	r.commit(1)
	r.add("a", "k=2@2")
	r.process(0)
	r.Discard()
	*calls = nil
	if c := r.commit(2); c != nil {
		t.Errorf("got %+v", c)
	}
	r.want("nodes that are not made are not flushed", *calls, "[]")
	r.add("a", "k=1@1", "k=2@2")
	r.process(0)
	c := r.commit(3)
	r.want("out", outputs(c.Out), "[out held=1+2@0]")
	r.apply(c)
	r.want("calls", *calls, "[flush0 frozen3 applied3]")
}

func TestFailedFlushSpoilsTheTask(t *testing.T) {
	for name, refuse := range map[string]func() error{
		"error": func() error { return errors.New("refused") },
		"panic": func() error { panic("refused") },
	} {
		r, node, _ := newHolderRig(t)
		r.start()
		r.add("a", "k=1@1")
		r.process(0)
		node().refuse = refuse
		var failed *processor.Error
		if _, err := r.Commit(1, 0); !errors.As(err, &failed) || failed.Class != processor.Punctuate || failed.Node != "fn" || failed.Offset != -1 {
			t.Fatalf("%s: got %v", name, err)
		}
		r.want("nothing is left", fmt.Sprint(outputs(r.Outbox()), r.base.rows), "[] map[]")
		if _, err := r.Commit(2, 0); !errors.Is(err, failed) {
			t.Errorf("%s: the second commit says %v", name, err)
		}
		r.Discard()
		r.add("a", "k=1@1")
		r.process(0)
		r.want("after an abort", outputs(r.commit(3).Out), "[out held=1@0]")
	}
}

// A flush that its policy skips leaves no trace, and the rest is committed.
func TestSkippedFlushIsTakenBack(t *testing.T) {
	r, node, _ := newHolderRig(t)
	r.cfg.Policies.Punctuate.Then = processor.Skip
	r.start()
	r.add("a", "k=1@1")
	r.process(0)
	node().refuse = func() error { return errors.New("refused") }
	c := r.commit(1)
	r.want("out", fmt.Sprint(outputs(c.Out), len(c.Stores), len(c.Offsets)), "[] 0 1")
	r.want("failed", r.failed, "[punctuate skip #1]")
}

// waiter is a node that waits for a transaction without being part of one.
type waiter struct {
	*holder
	waits bool
}

func (n *waiter) Unsettled() bool { return n.waits }
func (n *waiter) Flush(int64) error {
	return nil
}
func (n *waiter) Frozen(seq uint64) { n.waits = false; n.holder.Frozen(seq) }

func TestTaskCommitsForANodeThatWaits(t *testing.T) {
	r, node, calls := newHolderRig(t)
	made, w := r.node.New, &waiter{}
	r.node.New = func(gt graph.Task, outs []any) ([]any, error) {
		_, err := made(gt, outs)
		w.holder = node()
		return []any{w}, err
	}
	r.start()
	r.want("needs a commit", r.NeedsCommit(), false)
	w.waits = true
	r.want("needs a commit", r.NeedsCommit(), true)
	c := r.commit(1)
	r.want("offsets", len(c.Offsets), 1)
	r.apply(c)
	r.want("calls", *calls, "[frozen1 applied1]")
	r.want("needs a commit", r.NeedsCommit(), false)
}
