package kafkatest

import (
	"context"
	"testing"
	"time"
)

// Start gives a test a real broker of its own, to kill, freeze or configure.
// It ends with t. Without MILLRACE_KAFKA=1 the test is skipped.
func Start(t testing.TB, opts Options) *Broker {
	t.Helper()
	if !Enabled() {
		t.Skip("needs Apache Kafka: set MILLRACE_KAFKA=1 to run it")
	}
	n, err := launch(context.Background(), opts.withDefaults(), t.TempDir())
	if err != nil {
		t.Fatalf("kafkatest: %v", err)
	}
	t.Cleanup(n.kill)
	return n.broker()
}

// Kill ends a real broker with SIGKILL and waits for its end.
func (b *Broker) Kill(t testing.TB) {
	t.Helper()
	b.own(t).kill()
}

// Stop ends a real broker with SIGTERM, as an operator would, and waits for
// its end.
func (b *Broker) Stop(t testing.TB) {
	t.Helper()
	n := b.own(t)
	if err := terminate(n.proc.cmd.Process); err != nil {
		t.Fatalf("kafkatest: stop the broker: %v", err)
	}
	select {
	case <-n.proc.done:
	case <-time.After(stopTimeout):
		n.kill()
		t.Fatalf("kafkatest: the broker did not end within %s of SIGTERM; its log:\n%s", stopTimeout, n.logSince(0))
	}
}

// Pause freezes a real broker with SIGSTOP until Resume: its connections stay
// open and nothing answers.
func (b *Broker) Pause(t testing.TB) {
	t.Helper()
	if err := suspend(b.own(t).proc.cmd.Process); err != nil {
		t.Fatalf("kafkatest: pause the broker: %v", err)
	}
}

// Resume lets a paused broker go on.
func (b *Broker) Resume(t testing.TB) {
	t.Helper()
	if err := resume(b.own(t).proc.cmd.Process); err != nil {
		t.Fatalf("kafkatest: resume the broker: %v", err)
	}
}

// Restart starts a killed or stopped broker again, on its ports and folder, and
// waits until it serves.
func (b *Broker) Restart(t testing.TB) {
	t.Helper()
	n := b.own(t)
	if n.proc.running() {
		t.Fatal("kafkatest: restart of a broker that runs: kill or stop it first")
	}
	if err := n.start(context.Background()); err != nil {
		t.Fatalf("kafkatest: restart: %v", err)
	}
}

// own returns the process of a broker that a test may end.
func (b *Broker) own(t testing.TB) *node {
	t.Helper()
	switch {
	case b.node == nil:
		t.Fatal("kafkatest: a fake broker has no process: use Start")
	case b.node == shared.node:
		t.Fatal("kafkatest: the shared broker belongs to all tests: use Start")
	}
	return b.node
}

// Log returns the path of the real broker's log file, for a test's failure
// message.
func (b *Broker) Log() string {
	if b.node == nil {
		return ""
	}
	return b.node.log()
}
