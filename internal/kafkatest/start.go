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
	t.Cleanup(func() { n.proc.kill() })
	return n.broker()
}

// Kill ends a broker of a test's own (Start, Embedded) with SIGKILL and waits for its end.
func (b *Broker) Kill(t testing.TB) {
	t.Helper()
	b.own(t).process().kill()
}

// Stop ends a broker with SIGTERM, as an operator would, and waits for
// its end.
func (b *Broker) Stop(t testing.TB) {
	t.Helper()
	p := b.own(t).process()
	if err := terminate(p.cmd.Process); err != nil {
		t.Fatalf("kafkatest: stop the broker: %v", err)
	}
	select {
	case <-p.done:
	case <-time.After(stopTimeout):
		p.kill()
		t.Fatalf("kafkatest: the broker did not end within %s of SIGTERM; its log:\n%s", stopTimeout, logSince(b.Log(), 0))
	}
}

// Pause freezes a broker with SIGSTOP until Resume: its connections stay
// open and nothing answers.
func (b *Broker) Pause(t testing.TB) {
	t.Helper()
	if err := suspend(b.own(t).process().cmd.Process); err != nil {
		t.Fatalf("kafkatest: pause the broker: %v", err)
	}
}

// Resume lets a paused broker go on.
func (b *Broker) Resume(t testing.TB) {
	t.Helper()
	if err := resume(b.own(t).process().cmd.Process); err != nil {
		t.Fatalf("kafkatest: resume the broker: %v", err)
	}
}

// Restart starts a killed or stopped broker again, on its ports and folder, and
// waits until it serves.
func (b *Broker) Restart(t testing.TB) {
	t.Helper()
	s := b.own(t)
	if s.process().running() {
		t.Fatal("kafkatest: restart of a broker that runs: kill or stop it first")
	}
	if err := s.start(context.Background()); err != nil {
		t.Fatalf("kafkatest: restart: %v", err)
	}
}

// own returns the process of a broker that a test may end.
func (b *Broker) own(t testing.TB) server {
	t.Helper()
	if b.server == nil {
		t.Fatal("kafkatest: a fake broker has no process: use Start or Embedded")
	}
	if n, ok := b.server.(*node); ok && n == shared.node {
		t.Fatal("kafkatest: the shared broker belongs to all tests: use Start")
	}
	return b.server
}

// Log returns the path of the log file of a broker with a process of its own,
// else "".
func (b *Broker) Log() string {
	if b.server == nil {
		return ""
	}
	return b.server.log()
}
