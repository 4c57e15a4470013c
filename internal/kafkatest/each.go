package kafkatest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// Enabled reports whether tests run against Apache Kafka too.
func Enabled() bool { return os.Getenv("MILLRACE_KAFKA") == "1" }

// kafkaOnly reports whether every other broker is left out: the suite has just
// passed on them.
func kafkaOnly() bool { return Enabled() && os.Getenv("MILLRACE_KAFKA_ONLY") == "1" }

// others skips a test that needs one of the other brokers if they are left out.
func others(t testing.TB) {
	t.Helper()
	if kafkaOnly() {
		t.Skip("not on Apache Kafka, and MILLRACE_KAFKA_ONLY=1 is set")
	}
}

// Each runs fn as subtest "kfake" on a fresh in-process broker and, with
// MILLRACE_KAFKA=1, as subtest "kafka" on Apache Kafka. The real broker is
// shared by the tests of a binary: use names from NewTopic and NewName, and do
// not kill it (Start gives a test its own). MILLRACE_KAFKA_ONLY=1 leaves out the
// first.
func Each(t *testing.T, fn func(t *testing.T, b *Broker)) {
	t.Helper()
	if !kafkaOnly() {
		t.Run("kfake", func(t *testing.T) { fn(t, Fake(t)) })
	}
	if Enabled() {
		t.Run("kafka", func(t *testing.T) { fn(t, Kafka(t)) })
	}
}

// Kafka returns the binary's shared Apache Kafka. Without MILLRACE_KAFKA=1 it
// skips the test.
func Kafka(t testing.TB) *Broker {
	t.Helper()
	if !Enabled() {
		t.Skip("needs Apache Kafka: set MILLRACE_KAFKA=1 to run it")
	}
	if !shared.owned {
		// Nobody would stop a shared broker: this test gets its own.
		return Start(t, Options{})
	}
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.node == nil && shared.err == nil {
		shared.node, shared.err = launch(context.Background(), Options{}.withDefaults(), shared.dir)
	}
	if shared.err != nil {
		t.Fatalf("kafkatest: %v", shared.err)
	}
	return shared.node.broker()
}

// shared is the broker of the test binary. owned and dir are written by Main
// before any test runs.
var shared struct {
	owned bool
	dir   string

	mu   sync.Mutex // guards node and err
	node *node
	err  error
}

// Main runs the tests of a package and returns the exit code for os.Exit. It
// owns the shared broker and stops it; if all tests passed it also fails on
// goroutines left behind, save those that opts exclude. A child process
// started by Embedded serves its broker here and never reaches the tests.
// Without Main each use of Kafka starts a broker, and Embedded is refused.
func Main(m *testing.M, opts ...goleak.Option) int {
	if dir := os.Getenv(envServe); dir != "" {
		return serve(dir, os.Getenv(envAddr))
	}
	dir, err := os.MkdirTemp("", "kafkatest-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "kafkatest:", err)
		return 1
	}
	shared.owned, shared.dir = true, dir
	code := m.Run()
	if shared.node != nil {
		shared.node.proc.kill()
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, "kafkatest:", err)
	}
	if code != 0 {
		return code
	}
	if err := goleak.Find(opts...); err != nil {
		fmt.Fprintln(os.Stderr, "kafkatest: goroutines left behind:", err)
		return 1
	}
	return 0
}
