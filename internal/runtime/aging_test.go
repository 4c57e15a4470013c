package runtime

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// Windows of an input that is older than the broker keeps their changelog are not
// safe: the log says so, once, and of which store.
func TestStoresThatTheBrokerDoesNotKeepAreNamed(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		keeps := 48 * time.Hour // a day of the window, and one more
		for name, c := range map[string]struct {
			age   time.Duration // of the input
			named bool
		}{
			"young": {keeps - time.Hour, false},
			"old":   {keeps + time.Hour, true},
		} {
			t.Run(name, func(t *testing.T) {
				r := newRig(t, b, 1)
				cfg := r.config()
				cfg.Graph = ofDays(t, r.in, r.out)
				cfg.Housekeeping = time.Hour // the test does it
				var log lockedLog
				cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
				run := r.start(cfg)
				b.Produce(t, &kgo.Record{Topic: r.in, Key: []byte("k"), Value: []byte("v"), Timestamp: time.Now().Add(-c.age)})
				kafkatest.WaitFor(t, "the record", func() bool { return run.Totals().Records == 1 })
				run.warnOfAge()
				run.warnOfAge()
				var named []string
				for line := range strings.Lines(log.String()) {
					if strings.Contains(line, "not safe") {
						named = append(named, line)
					}
				}
				switch {
				case !c.named && len(named) > 0, c.named && len(named) != 1:
					t.Fatalf("the log names %d stores: %q", len(named), named)
				case c.named && !strings.Contains(named[0], "store=aging"), c.named && !strings.Contains(named[0], "retention=48h0m0s"):
					t.Errorf("the log says %s", named[0])
				}
			})
		}
	})
}

// ofDays is a topology with stores that a broker keeps in several ways.
func ofDays(t *testing.T, in, out string) *graph.Graph {
	b := topology.New()
	lines := topology.Stream[string, string](b, in)
	day := windowing.Tumbling(24 * time.Hour)
	windowing.Count(topology.GroupByKey(lines), "aging", day)
	windowing.Count(topology.GroupByKey(lines), "kept", day, topology.LogConfig(map[string]string{"retention.ms": "-1"}))
	windowing.Count(topology.GroupByKey(lines), "unlogged", day, topology.Unlogged())
	topology.Count(topology.GroupByKey(lines), "total")
	topology.To(lines, out, topology.Serdes(serde.String, serde.String))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// lockedLog is written by many goroutines.
type lockedLog struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
