package task

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"testing"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// asyncRig is a rig whose node calls a service. The test says when each call
// is answered, and answer what.
type asyncRig struct {
	*rig
	limits graph.CallLimits
	open   []*handCall // running, in the order in which they were started
	wakes  int
	answer func(value string, try int) (string, error)
	// What the node does beside, if set: step with a record after its call was
	// added, result instead of sending a result on, start and flush.
	step   func(n *asyncTestNode, key, value string) error
	result func(n *asyncTestNode, key, value string, m *graph.Meta) error
	start  func(n *asyncTestNode)
	flush  func(n *asyncTestNode) error
}

func newAsyncRig(t *testing.T, topics ...string) *asyncRig {
	r := &asyncRig{rig: newRig(t, nil, topics...)}
	r.limits = graph.CallLimits{Concurrency: 2, Timeout: time.Second, Backoff: 100 * time.Millisecond}
	r.answer = func(value string, _ int) (string, error) { return strings.ToUpper(value), nil }
	r.node.New = func(gt graph.Task, outs []any) ([]any, error) {
		return []any{&asyncTestNode{
			r: r, calls: gt.Calls(r.node, r.limits), out: outs[0].(graph.Receiver[string, string]),
			ctx: gt.Context(r.node), store: gt.Store("s").(*memView), time: gt.OperatorTime(r.node),
		}}, nil
	}
	r.cfg.Executor, r.cfg.Wake = r, func() { r.wakes++ }
	return r
}

// up starts the task, at the end of its inputs.
func (r *asyncRig) up() *asyncRig {
	r.rig.start()
	for _, in := range r.inputs {
		r.SetLag(in.topic, 0)
	}
	return r
}

// handCall is a call that runs until the test says otherwise.
type handCall struct {
	ctx context.Context
	fn  func(context.Context)
}

func (r *asyncRig) Go(ctx context.Context, _ *graph.Node, _ time.Duration, fn func(context.Context)) {
	r.open = append(r.open, &handCall{ctx: ctx, fn: fn})
}

// finish answers the i-th of the running calls.
func (r *asyncRig) finish(i int) {
	h := r.open[i]
	r.open = slices.Delete(r.open, i, i+1)
	h.fn(h.ctx)
}

func (r *asyncRig) finishAll(now int64) Result {
	r.Helper()
	for len(r.open) > 0 {
		r.finish(0)
		r.process(now)
	}
	return r.process(now)
}

type asyncTestNode struct {
	r     *asyncRig
	calls graph.Calls
	out   graph.Receiver[string, string]
	ctx   processor.Context
	store *memView
	time  *int64
}

func (n *asyncTestNode) Receive(key, value string, m *graph.Meta) error {
	*n.time = max(*n.time, m.Time)
	n.call(key, value, m)
	if n.r.step != nil {
		return n.r.step(n, key, value)
	}
	return nil
}

// call adds a call; a record without a value passes.
func (n *asyncTestNode) call(key, value string, m *graph.Meta) {
	var encoded []byte
	if key != "-" {
		encoded = []byte(key)
	}
	c := &testCall{node: n, key: key, value: value, m: *m}
	if m.HasValue {
		n.calls.Add(encoded, c)
	} else {
		n.calls.Pass(encoded, c)
	}
}

func (n *asyncTestNode) Start() error {
	if n.r.start != nil {
		n.r.start(n)
	}
	return nil
}

func (n *asyncTestNode) Flush(int64) error {
	if n.r.flush != nil {
		return n.r.flush(n)
	}
	return nil
}

type testCall struct {
	node               *asyncTestNode
	key, value, result string
	m                  graph.Meta
	tries              int
}

func (c *testCall) Run(context.Context) (err error) {
	c.tries++
	c.result, err = c.node.r.answer(c.value, c.tries)
	return err
}

func (c *testCall) Resume() error {
	if c.node.r.result != nil {
		return c.node.r.result(c.node, c.key, c.result, &c.m)
	}
	return c.node.out.Receive(c.key, c.result, &c.m)
}

var errDown = errors.New("service is down")

// state is what is open, and where a commit would leave the inputs.
func (r *asyncRig) lows() string {
	var parts []string
	for _, in := range r.inputs {
		parts = append(parts, fmt.Sprintf("%s:%d", in.topic, in.low().next))
	}
	return strings.Join(parts, " ")
}
