package task

import (
	"errors"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// completer sends on the values of a record, or of a punctuation, when that has
// been through all nodes, joined by "+".
type completer struct {
	*fnNode
	held []string
}

func (n *completer) Receive(_, value string, _ *graph.Meta) error {
	n.held = append(n.held, value, value)
	return nil
}

func (n *completer) Start() error { return n.Receive("", "start", nil) }
func (n *completer) Mark()        {}
func (n *completer) Undo()        { n.held = n.held[:0] }
func (n *completer) Flush(int64) error {
	return n.Receive("", "flush", nil)
}

func (n *completer) Complete() error {
	if len(n.held) == 0 {
		return nil
	}
	all := strings.Join(n.held, "+")
	n.held = n.held[:0]
	err := n.out.Receive("k", all, &graph.Meta{Time: 1, HasKey: true, HasValue: true})
	switch {
	case strings.HasPrefix(all, "fail"):
		return errors.New("refused")
	case strings.HasPrefix(all, "panic"):
		panic("complete")
	}
	return err
}

// Each unit of work ends with what nodes have held back until then: the start,
// records, punctuations and the flush.
func TestNodesCompleteWhatTheyHoldBack(t *testing.T) {
	r := newRig(t, nil, "a")
	r.cfg.Policies.Process.Then = processor.Skip
	plain := r.node.New
	r.node.New = func(gt graph.Task, outs []any) ([]any, error) {
		ins, err := plain(gt, outs)
		n := &completer{fnNode: ins[0].(*fnNode)}
		gt.Context(r.node).Schedule(processor.WallClock, 10, func(int64) error { return n.Receive("", "tick", nil) })
		return []any{n}, err
	}
	r.start()
	r.add("a", "k=1@1", "k=fail@2", "k=panic@3", "k=2@4")
	r.process(0)
	r.want("out", outputs(r.Outbox()), "[out k=start+start@1 out k=1+1@1 out k=2+2@1]")
	r.want("failed", r.failed, "[process skip #1 process skip #1]")
	if n, err := r.Punctuate(20, true); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	first := r.commit(1)
	r.want("out of the punctuation and the flush", outputs(first.Out)[3:], "[out k=tick+tick@1 out k=flush+flush@1]")
}
