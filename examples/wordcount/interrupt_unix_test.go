//go:build unix

package main

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

func TestStopsBeforeAnyBrokerHasAnswered(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "-brokers", "127.0.0.1:1")
	p.await("the first try", func() bool { return strings.Contains(p.errout.String(), "no broker answers") })
	if status, _ := p.get("/livez"); status != http.StatusOK {
		t.Errorf("/livez: status %d, want 200: a restart does not bring the broker back", status)
	}
	if status, _ := p.get("/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("/readyz: status %d, want 503", status)
	}
	p.stop()
}

func TestInterruptedWhileItReadsStandardInput(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = r.Close(), w.Close() }()
	p := start(t, r, "-once")
	p.await("the broker", func() bool { return strings.Contains(p.errout.String(), "embedded broker on") })
	p.interrupt()
	if code := p.exit(); code != 1 || !strings.Contains(p.errout.String(), "interrupted") || p.out.String() != "" {
		t.Fatalf("exit code %d, standard output %q", code, p.out.String())
	}
}

func TestNotReadyWhileTheBrokerIsAway(t *testing.T) {
	t.Parallel()
	b := kafkatest.Embedded(t)
	p := start(t, nil, "-brokers", b.Addrs[0])
	p.awaitReady()
	b.Kill(t)
	p.await("/readyz to say why", func() bool {
		status, body := p.get("/readyz?verbose")
		return status == http.StatusServiceUnavailable && strings.Contains(body, "[-]group no broker answers")
	})
	if status, body := p.get("/livez"); status != http.StatusOK {
		t.Errorf("/livez: status %d, body %q; want 200: a restart does not bring the broker back", status, body)
	}
	b.Restart(t)
	p.awaitReady()
	b.Kill(t)
	p.await("/readyz to fail again", func() bool {
		status, _ := p.get("/readyz")
		return status == http.StatusServiceUnavailable
	})
	p.stop()
}

// The first interrupt waits for a commit that a frozen broker does not answer,
// the second gives it up. The next run processes the records again.
func TestSecondInterruptAbortsAtOnce(t *testing.T) {
	t.Parallel()
	b := kafkatest.Embedded(t)
	in, out := b.NewTopic(t, 2), b.NewTopic(t, 2)
	args := []string{"-app", kafkatest.NewName(t), "-in", in, "-out", out, "-state", t.TempDir()}
	p := startOn(t, b, append(args, "-commit", "5s")...)
	p.awaitReady()
	b.Produce(t, &kgo.Record{Topic: in, Value: []byte("my first line")})
	p.await("the line to be read", func() bool {
		_, metrics := p.get("/metrics")
		return strings.Contains(metrics, `millrace_records_processed_total{app="`+args[1]+`",subtopology="0"} 1`)
	})
	b.Pause(t)
	p.interrupt()
	p.await("the first interrupt to be heard", func() bool {
		_, body := p.get("/readyz")
		return strings.Contains(body, "stopping")
	})
	again := time.Now()
	p.interrupt()
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	p.closing("aborted")
	if took := time.Since(again); took > 15*time.Second {
		t.Errorf("the end took %s after the second interrupt, about as long as after the first", took)
	}
	b.Resume(t)
	if n := len(b.ReadCommitted(t, out)); n != 0 {
		t.Errorf("%d counts are committed, want none", n)
	}

	p = startOn(t, b, args...)
	p.await("3 counts", func() bool { return len(b.ReadCommitted(t, out)) == 3 })
	p.stop()
	for _, r := range b.ReadCommitted(t, out) {
		if string(r.Value) != "1" {
			t.Errorf("%s is %s, want 1", r.Key, r.Value)
		}
	}
}
