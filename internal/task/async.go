package task

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
)

// calls are the calls to other services that one incarnation of a task has
// open. One goes this way:
//
//	Add -> fresh -> its key's queue -> ready -> running -> arrived -> done -> resumed
//	         |                          ^                              |
//	         +-- undone with its record +---------- waiting <----------+ failed, to be tried again
//
// The executor's goroutines touch a call only while it runs, and then hand it
// over by arrivals; everything else is the task's own.
type calls struct {
	t       *Task
	nodes   []*nodeCalls
	fresh   []*call // of the record in hand, not part of anything yet
	done    []*call // to be resumed, in this order
	waiting []*call // for a retry
	seq     uint64  // of the next one
	open    int     // all but fresh ones
	loose   int     // those of open that come from no record
	arrived *arrivals
}

// nodeCalls are the calls of one node.
type nodeCalls struct {
	*calls
	node    *graph.Node
	limits  graph.CallLimits
	last    map[string]*call // the youngest one of each key
	ready   []*call          // first of their key, to be run, oldest first
	running int
	open    int
}

// call is one open call.
type call struct {
	graph.Call
	node       *nodeCalls
	seq        uint64
	origin     *origin    // nil if it comes from a punctuation or a flush
	meta       graph.Meta // the task's, when it was added
	key        string
	keyed      bool
	prev, next *call // of the same key
	pass       bool  // is not run

	err      error // of the last run
	runs     int
	tries    int   // of runs, since the policy was asked
	until    int64 // when to try again
	attempts [numPolicies]int
}

// origin is an input record that has calls open.
type origin struct {
	in     *input
	record graph.Input
	open   int
	// The times before the record: what a commit may say that does not cover
	// it.
	partitionTime int64
	times         []int64
}

// Calls implements graph.Task.
func (t *Task) Calls(node *graph.Node, limits graph.CallLimits) graph.Calls {
	if t.calls == nil {
		t.calls = &calls{t: t, arrived: &arrivals{wake: t.cfg.Wake}}
	}
	n := &nodeCalls{calls: t.calls, node: node, limits: limits, last: map[string]*call{}}
	t.calls.nodes = append(t.calls.nodes, n)
	return n
}

// InFlight is how many calls to other services are open: queued, running, to
// be tried again, or not yet resumed.
func (t *Task) InFlight() int {
	if t.calls == nil {
		return 0
	}
	return t.calls.open
}

// Unfinished says which nodes have calls open, and how many, "" for none.
func (t *Task) Unfinished() string {
	if t.calls == nil {
		return ""
	}
	var parts []string
	for _, n := range t.calls.nodes {
		if n.open > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d", n.node.Name, n.open))
		}
	}
	return strings.Join(parts, ", ")
}

// held is how many calls a commit waits for. Without transactions it may be
// done before those that come from a record: its position stays before the
// record. A punctuation or flush would not come again.
func (t *Task) held() int {
	switch {
	case t.calls == nil:
		return 0
	case t.cfg.ExactlyOnce:
		return t.calls.open
	}
	return t.calls.loose
}

// Add implements graph.Calls.
func (n *nodeCalls) Add(key []byte, c graph.Call) { n.add(&call{Call: c}, key) }

// Pass implements graph.Calls.
func (n *nodeCalls) Pass(key []byte, c graph.Call) { n.add(&call{Call: c, pass: true}, key) }

func (n *nodeCalls) add(c *call, key []byte) {
	c.node, c.seq, c.meta, c.origin = n, n.seq, n.t.meta, n.t.origin()
	n.seq++
	if key != nil {
		c.key, c.keyed = string(key), true
		if c.prev = n.last[c.key]; c.prev != nil {
			c.prev.next = c
		}
		n.last[c.key] = c
	}
	n.fresh = append(n.fresh, c)
}

// origin is that of the calls that are added now.
func (t *Task) origin() *origin {
	switch {
	case t.at.call != nil:
		return t.at.call.origin
	case t.at.input == nil:
		return nil
	case t.at.origin == nil:
		o := &origin{in: t.at.input, record: *t.at.record(), partitionTime: t.mark.partitionTime}
		for i := range t.opTimes {
			o.times = append(o.times, t.times.before(i))
		}
		t.at.origin = o
	}
	return t.at.origin
}

// undo forgets the calls of a record that has failed.
func (cs *calls) undo() {
	for _, c := range slices.Backward(cs.fresh) {
		if !c.keyed {
			continue
		}
		if c.prev == nil {
			delete(c.node.last, c.key)
		} else {
			c.prev.next = nil
			c.node.last[c.key] = c.prev
		}
	}
	cs.forget()
}

func (cs *calls) forget() {
	clear(cs.fresh)
	cs.fresh = cs.fresh[:0]
}

// admit makes the calls of a record that has succeeded part of what is open,
// and starts what may start.
func (cs *calls) admit() {
	if len(cs.fresh) == 0 {
		return
	}
	for _, c := range cs.fresh {
		cs.open++
		c.node.open++
		if o := c.origin; o == nil {
			cs.loose++
		} else if o.open++; o.open == 1 {
			o.in.open = append(o.in.open, o)
		}
		if c.prev == nil {
			c.node.enter(c)
		}
	}
	cs.forget()
	for _, n := range cs.nodes {
		n.pump()
	}
}

// enter puts a call, the first of its key, where it is due next.
func (n *nodeCalls) enter(c *call) {
	if c.pass {
		n.done = append(n.done, c)
		return
	}
	i, _ := slices.BinarySearchFunc(n.ready, c, bySeq)
	n.ready = slices.Insert(n.ready, i, c)
}

func bySeq(a, b *call) int { return cmp.Compare(a.seq, b.seq) }

// pump runs as many calls as may run.
func (n *nodeCalls) pump() {
	for n.running < n.limits.Concurrency && len(n.ready) > 0 {
		c := n.ready[0]
		n.ready = slices.Delete(n.ready, 0, 1)
		n.running++
		c.runs++
		c.tries++
		c.err = errEnded
		timeout, to := n.limits.Timeout, n.arrived
		n.t.cfg.Executor.Go(n.t.ctx, n.node, timeout, func(ctx context.Context) {
			defer to.put(c)
			c.err = explain(guarded(func() error { return c.Run(ctx) }), ctx, timeout)
		})
	}
}

// errEnded is what is left of a call that neither returns nor panics.
var errEnded = errors.New("the call ended its goroutine: return an error instead")

// explain says that a call failed because its time was over.
func explain(err error, ctx context.Context, timeout time.Duration) error {
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("not done within %s: %w", timeout, err)
	}
	return err
}

// collect takes over what has been run, oldest first. Others take its place
// when it is resumed: the next one of its key may be older than they are.
func (cs *calls) collect() {
	list := cs.arrived.take()
	slices.SortFunc(list, bySeq)
	for _, c := range list {
		c.node.running--
		cs.done = append(cs.done, c)
	}
}

// repeat has the call that is first of done run again at a time.
func (cs *calls) repeat(c *call, until int64) {
	cs.done = slices.Delete(cs.done, 0, 1)
	c.until = until
	cs.waiting = append(cs.waiting, c)
	c.node.pump()
}

// revive takes up calls whose time to be tried again has come.
func (cs *calls) revive(now int64) {
	cs.waiting = slices.DeleteFunc(cs.waiting, func(c *call) bool {
		if now < c.until {
			return false
		}
		c.node.enter(c)
		c.node.pump()
		return true
	})
}

// nextRetry is when revive has something to do, math.MaxInt64 for never.
func (cs *calls) nextRetry() int64 {
	next := int64(math.MaxInt64)
	for _, c := range cs.waiting {
		next = min(next, c.until)
	}
	return next
}

// finish closes the call that is first of done, and lets the next one of its
// key go on.
func (cs *calls) finish(c *call) {
	cs.done = slices.Delete(cs.done, 0, 1)
	cs.open--
	c.node.open--
	if o := c.origin; o == nil {
		cs.loose--
	} else if o.open--; o.open == 0 {
		o.in.open = slices.DeleteFunc(o.in.open, func(other *origin) bool { return other == o })
	}
	if next := c.next; next != nil {
		next.prev = nil
		c.node.enter(next)
	} else if c.keyed {
		delete(c.node.last, c.key)
	}
	c.node.pump()
}

// full reports that a node has as many calls queued as it may have running.
// Concurrency may be the largest number there is.
func (cs *calls) full() bool {
	return slices.ContainsFunc(cs.nodes, func(n *nodeCalls) bool { return n.open/2 >= n.limits.Concurrency })
}

// arrivals takes calls back from the executor's goroutines. It belongs to one
// incarnation: what arrives after that has ended is seen by nobody.
type arrivals struct {
	wake func() // tells the task's owner, may be nil

	mu   sync.Mutex // guards list
	list []*call
}

func (a *arrivals) put(c *call) {
	a.mu.Lock()
	a.list = append(a.list, c)
	a.mu.Unlock()
	if a.wake != nil {
		a.wake()
	}
}

func (a *arrivals) take() []*call {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := a.list
	a.list = nil
	return list
}
