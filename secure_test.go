package millrace_test

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/topology"
)

// eachSecure runs a test on brokers that want TLS and SASL.
func eachSecure(t *testing.T, fn func(t *testing.T, b *kafkatest.Broker)) {
	t.Run("kfake", func(t *testing.T) { fn(t, kafkatest.FakeSecure(t)) })
	if kafkatest.Enabled() {
		t.Run("kafka", func(t *testing.T) { fn(t, kafkatest.Start(t, kafkatest.Options{Secure: true})) })
	}
}

// leaks is everything that an application says: where a password could come
// out.
type leaks struct {
	log     logBuffer
	metrics *prometheus.Registry
	more    []string
}

// secure is a config for a mechanism and password that logs all there is into
// the result.
func secure(t *testing.T, b *kafkatest.Broker, mechanism, password string) (millrace.Config, *leaks) {
	t.Helper()
	l := &leaks{metrics: prometheus.NewRegistry()}
	cfg := config(t, b, kafkatest.NewName(t))
	cfg.Brokers, cfg.Client = b.Addrs, b.Security.OptionsFor(mechanism, password)
	cfg.Logger = slog.New(slog.NewTextHandler(&l.log, &slog.HandlerOptions{Level: slog.LevelDebug - 4}))
	cfg.Registerer = l.metrics
	return cfg, l
}

// add notes what else was said.
func (l *leaks) add(t *testing.T, texts ...string) {
	t.Helper()
	families, err := l.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		l.more = append(l.more, f.String())
	}
	l.more = append(l.more, texts...)
}

func (l *leaks) check(t *testing.T, secrets ...string) {
	t.Helper()
	if !strings.Contains(l.log.String(), "level=DEBUG") {
		t.Error("nothing was logged at debug level")
	}
	for _, said := range append(l.more, l.log.String()) {
		for _, s := range secrets {
			if at := strings.Index(said, s); at >= 0 {
				t.Errorf("the password came out: %q", said[max(at-200, 0):at+len(s)])
			}
		}
	}
}

func TestTLSAndSASL(t *testing.T) {
	eachSecure(t, func(t *testing.T, b *kafkatest.Broker) {
		for _, mechanism := range kafkatest.Mechanisms {
			t.Run(mechanism, func(t *testing.T) {
				in, out := b.NewTopic(t, 2), b.NewTopic(t, 1)
				want := feed(t, b, in, 50)
				cfg, said := secure(t, b, mechanism, kafkatest.Password)
				app := start(t, wordCount(in, out), cfg)
				kafkatest.WaitFor(t, "all counts", func() bool { return len(b.ReadCommitted(t, out)) >= total(want) })
				said.add(t, app.Describe(), fmt.Sprintf("%+v", app.Status()), fmt.Sprint(app.Ready()))
				if err := app.stop(); err != nil {
					t.Fatal(err)
				}
				checkCounts(t, b, out, want)
				said.check(t, kafkatest.Password)
			})
		}
	})
}

// total is the sum of counts.
func total(counts map[string]int64) (n int) {
	for _, c := range counts {
		n += int(c)
	}
	return n
}

func TestWrongPassword(t *testing.T) {
	const wrong = "wrong-pony-9918"
	eachSecure(t, func(t *testing.T, b *kafkatest.Broker) {
		for _, mechanism := range kafkatest.Mechanisms {
			t.Run(mechanism, func(t *testing.T) {
				in, out := b.NewTopic(t, 1), b.NewTopic(t, 1)
				cfg, said := secure(t, b, mechanism, wrong)
				if b.Fake != nil {
					hungUp(t, forward(in, out), cfg, said)
				} else {
					began := time.Now()
					err := fails(t, forward(in, out), cfg)
					if took := time.Since(began); took > 10*time.Second {
						t.Errorf("it took %s to say so", took)
					}
					says(t, err, "connect to Kafka", "SASL_AUTHENTICATION_FAILED", "Config.Client")
					said.add(t, err.Error())
				}
				said.check(t, wrong, kafkatest.Password)
			})
		}
	})
}

// hungUp runs an application on a broker that closes connections instead of
// giving an error, as kfake does after a wrong password. It cannot be told from
// one that is away: the application tries again, says so, and can be stopped.
func hungUp(t *testing.T, b *topology.Builder, cfg millrace.Config, said *leaks) {
	t.Helper()
	app := start(t, b, cfg)
	kafkatest.WaitFor(t, "the log to tell", func() bool { return strings.Count(said.log.String(), "no broker answers") > 1 })
	err := app.Ready()
	if err == nil {
		t.Fatal("ready")
	}
	says(t, err, "no broker answers")
	said.add(t, err.Error(), fmt.Sprintf("%+v", app.Status()))
	if err := app.stop(); err != nil {
		t.Error(err)
	}
}

// A certificate that nobody vouches for, or no TLS at all: waiting does not
// help.
func TestWrongTLS(t *testing.T) {
	eachSecure(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 1), b.NewTopic(t, 1)
		cfg := config(t, b, kafkatest.NewName(t))
		cfg.Brokers, cfg.Client = b.Addrs, []kgo.Opt{kgo.DialTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12})}
		began := time.Now()
		says(t, fails(t, forward(in, out), cfg), "connect to Kafka", "certificate", "Config.Client")
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("it took %s to say so", took)
		}
	})
}
