//go:build unix

package main

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

func (p *program) interrupt() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		p.t.Fatal(err)
	}
}

// stop interrupts the program once and wants a clean end.
func (p *program) stop() (records, restored string) {
	p.t.Helper()
	p.interrupt()
	if code := p.exit(); code != 0 {
		p.t.Fatalf("exit code %d", code)
	}
	return p.closing("stopped cleanly")
}

func TestPrintsRunningCountsAndServesHealth(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	p.await("counts", func() bool { return strings.Contains(p.out.String(), "the\t5\n") })
	p.awaitReady()
	for path, want := range map[string]string{
		"/livez":          "ok\n",
		"/readyz":         "ok\n",
		"/readyz?verbose": "[+]group ok\n",
		"/metrics":        `millrace_records_processed_total{app="wordcount",subtopology="1"}`,
	} {
		if status, body := p.get(path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: status %d, body %.200q; want 200 and %q", path, status, body, want)
		}
	}
	if records, _ := p.stop(); records == "0" {
		t.Error("the closing line says 0 records")
	}
	seen := make(map[string]int)
	for line := range strings.Lines(p.out.String()) {
		word, count, _ := strings.Cut(strings.TrimSpace(line), "\t")
		seen[word]++
		if count != strconv.Itoa(seen[word]) {
			t.Fatalf("%s: count %q after %d, want one more", word, count, seen[word]-1)
		}
	}
}

func TestGuaranteeDecidesAboutTransactions(t *testing.T) {
	t.Parallel()
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		for _, guarantee := range []string{"exactly-once", "at-least-once"} {
			in, out := b.NewTopic(t, 2), b.NewTopic(t, 2)
			p := startOn(t, b, "-app", kafkatest.NewName(t), "-in", in, "-out", out, "-guarantee", guarantee)
			p.awaitReady()
			b.Produce(t, &kgo.Record{Topic: in, Value: []byte("my first line")})
			p.await("3 counts", func() bool { return len(b.ReadCommitted(t, out)) == 3 })
			p.stop()
			for _, r := range b.ReadCommitted(t, out) {
				if string(r.Value) != "1" || r.Attrs.IsTransactional() != (guarantee == "exactly-once") {
					t.Errorf("%s: %s is %s, transactional %t", guarantee, r.Key, r.Value, r.Attrs.IsTransactional())
				}
			}
		}
	})
}

// With its state folder the program restores nothing after a clean stop and
// only the tail after a kill; without it, everything.
func TestRestartRestoresOnlyTheTail(t *testing.T) {
	t.Parallel()
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		const words = 5000
		in, out, app, dir := b.NewTopic(t, 2), b.NewTopic(t, 2), kafkatest.NewName(t), t.TempDir()
		expected := 0
		count := func(state string, then func(*program)) {
			t.Helper()
			p := startOn(t, b, "-app", app, "-in", in, "-out", out, "-state", state)
			p.awaitReady()
			var line strings.Builder
			for i := range words {
				fmt.Fprintf(&line, "w%d ", i)
			}
			b.Produce(t, &kgo.Record{Topic: in, Value: []byte(line.String())})
			expected += words
			p.await("all counts", func() bool { return len(b.ReadCommitted(t, out)) == expected })
			then(p)
		}
		restored := func(p *program) int {
			_, s := p.stop()
			n, err := strconv.Atoi(s)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		count(dir, func(p *program) { p.stop() })
		count(dir, func(p *program) {
			if n := restored(p); n != 0 {
				t.Errorf("%d records restored after a clean stop, want none", n)
			}
		})
		count(dir, func(p *program) {
			_ = p.cmd.Process.Kill()
			p.exit()
		})
		count(dir, func(p *program) {
			// What was committed in its last half second need not be in the store.
			if n := restored(p); n > words {
				t.Errorf("%d records restored after a kill, want at most the last %d", n, words)
			}
		})
		count(t.TempDir(), func(p *program) {
			if n := restored(p); n < words {
				t.Errorf("%d records restored without state, want at least %d", n, words)
			}
		})
		last := make(map[string]string)
		for _, r := range b.ReadCommitted(t, out) {
			last[string(r.Key)] = string(r.Value)
		}
		for word, n := range last {
			if n != "5" {
				t.Fatalf("%s ends with %s, want 5", word, n)
			}
		}
	})
}

func TestStateFolderKeepsTheTopicsOfTheOwnBroker(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	count := func() string {
		p := start(t, nil, "-state", dir)
		p.await("a count", func() bool { return strings.Contains(p.out.String(), "the\t") })
		p.stop()
		return p.out.String()
	}
	if first := count(); !strings.Contains(first, "the\t1\n") {
		t.Fatalf("the first run does not count from 1: %q", first)
	}
	if second := count(); strings.Contains(second, "the\t1\n") {
		t.Fatalf("the second run counts from 1 again: %q", second)
	}
}
