package corpus

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/streamstest"
)

// TestInVirtualTime runs the parts of the corpus as applications on the fake
// broker, in a bubble of testing/synctest: all of the runtime, with its commit
// intervals, heartbeats and rebalances, and none of the waiting. After each
// command what is committed must be what the driver says.
//
// State is in memory, and the network is pipes: waiting for a disk or a socket
// is none that the bubble knows, and time would stand still.
func TestInVirtualTime(t *testing.T) {
	for i, part := range Parts(t, "testdata") {
		if part.runs() {
			t.Run(fmt.Sprintf("%s-%d", part.Name, i), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { inVirtualTime(t, part) })
			})
		}
	}
}

// In a bubble the work of Kafka and of the runtime takes some time, so that what
// happens by the wall clock is a bit later than in the script: by less than
// grace. Scripts have things happen at multiples of beat.
const (
	grace = 2 * time.Second
	beat  = 5 * time.Second
)

func inVirtualTime(t *testing.T, part Part) {
	begun := time.Now() // before the broker: a bubble begins at midnight, which anchors and beats count from
	v := &virtual{onBroker: newOnBroker(t, kafkatest.Virtual(t), part, ""), begun: begun}
	defer v.scale(0)
	v.scale(v.cfg.Instances)
	for step, c := range part.Commands {
		v.run(c, step)
		v.settle(step)
		if t.Failed() {
			return
		}
	}
}

// virtual is a part whose application runs in a bubble.
type virtual struct {
	*onBroker
	begun   time.Time     // the time 0 of the script
	passed  time.Duration // by the script
	running []*instance
}

// instance is one that runs.
type instance struct {
	*millrace.App
	stop context.CancelFunc
}

// run does what a command says; those that only show something do nothing.
func (v *virtual) run(c Command, step int) {
	v.t.Helper()
	switch c.Name {
	case "in":
		for v.produce(step) {
		}
	case "advance":
		by, err := time.ParseDuration(c.Args[0].Name)
		if err != nil {
			v.t.Fatal(err)
		}
		v.passed += by
		time.Sleep(time.Until(v.begun.Add(v.passed + grace)))
	case "restart":
		n := len(v.running)
		v.scale(0)
		v.scale(n)
	case "rebalance":
		n, err := strconv.Atoi(c.argument("n"))
		if err != nil {
			v.t.Fatal(err)
		}
		v.scale(n)
	case "crash":
		v.crash(c)
	}
}

// scale starts and stops instances until n are left.
func (v *virtual) scale(n int) {
	v.t.Helper()
	for len(v.running) > n {
		last := v.running[len(v.running)-1]
		v.running = v.running[:len(v.running)-1]
		last.stop()
		<-last.Done()
		if err := last.Err(); err != nil {
			v.t.Error(err)
		}
	}
	for len(v.running) < n {
		v.start()
	}
}

// start starts an instance and waits until it is ready.
func (v *virtual) start() {
	v.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	i := &instance{v.app("corpus"), cancel}
	v.running = append(v.running, i)
	go func() { _ = i.Run(ctx) }() // Err has it
	kafkatest.WaitFor(v.t, "a ready application", func() bool { return i.Ready() == nil || i.Err() != nil })
}

// crash takes one instance down, or all of them, and starts others in their
// place, as the driver does.
func (v *virtual) crash(c Command) {
	v.t.Helper()
	from, to := 0, len(v.running)
	if n, err := strconv.Atoi(c.argument("instance")); err == nil {
		from, to = n, n+1
	}
	for _, i := range v.running[from:to] {
		i.Abort()
		<-i.Done()
	}
	v.running = append(v.running[:from:from], v.running[to:]...)
	v.scale(len(v.running) + to - from)
}

// settle gives the application the time to do all that it can, and compares
// what it has committed. Records that should not be there are as bad as those
// that are missing, and take no longer.
func (v *virtual) settle(step int) {
	v.t.Helper()
	const quick, patience = 300 * time.Millisecond, 30 * time.Second
	time.Sleep(quick)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(quick) {
		if v.part.Diff(v.steps[step], v.read()) == "" {
			return
		}
	}
	v.compare(step, v.read())
}

// read is what is committed, with wall-clock times as the script counts them.
func (v *virtual) read() streamstest.Result {
	v.t.Helper()
	got := v.onBroker.read()
	begun := v.begun.UnixMilli()
	for _, records := range got.Topics {
		for i := range records {
			if at := &records[i].Time; *at >= begun {
				*at = time.Duration((*at - begun) * 1e6).Truncate(beat).Milliseconds()
			}
		}
	}
	return got
}
