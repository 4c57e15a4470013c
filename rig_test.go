package millrace_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
)

// config is one that logs into the test. Tests change what they are about.
func config(t *testing.T, b *kafkatest.Broker, app string) millrace.Config {
	w := &testWriter{t: t}
	return millrace.Config{
		AppID: app, Client: b.Options(), Workers: 2,
		Logger: slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelInfo})),
	}
}

// testWriter writes to a test's log until the test is over: a client may still
// have something to say then.
type testWriter struct{ t *testing.T }

func (w *testWriter) Write(p []byte) (int, error) {
	if w.t.Context().Err() == nil {
		w.t.Log(strings.TrimSpace(string(p)))
	}
	return len(p), nil
}

// logBuffer keeps all that is logged.
type logBuffer struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (w *logBuffer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.Write(p)
}

func (w *logBuffer) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.String()
}

// running is an App in the background.
type running struct {
	*millrace.App
	stop func() error // ends it and returns what Run returned
}

// start runs an App until its stop, or the end of the test.
func start(t *testing.T, b *topology.Builder, cfg millrace.Config) *running {
	t.Helper()
	app := newApp(t, b, cfg)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { _ = app.Run(ctx) }()
	r := &running{App: app, stop: func() error {
		cancel()
		<-app.Done()
		return app.Err()
	}}
	t.Cleanup(func() { _ = r.stop() })
	return r
}

func newApp(t *testing.T, b *topology.Builder, cfg millrace.Config) *millrace.App {
	t.Helper()
	app, err := millrace.New(b, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// catchUp processes what there is and expects no error.
func catchUp(t *testing.T, b *topology.Builder, cfg millrace.Config) *millrace.App {
	t.Helper()
	app := newApp(t, b, cfg)
	if err := within(t, app); err != nil {
		t.Fatal(err)
	}
	return app
}

// fails processes what there is and expects an error.
func fails(t *testing.T, b *topology.Builder, cfg millrace.Config) error {
	t.Helper()
	err := within(t, newApp(t, b, cfg))
	if err == nil {
		t.Fatal("no error")
	}
	return err
}

// within runs an App until it has caught up, with a limit.
func within(t *testing.T, app *millrace.App) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), kafkatest.WaitTimeout)
	defer cancel()
	err := app.RunUntilCaughtUp(ctx)
	if ctx.Err() != nil {
		t.Fatalf("still not caught up after %s: %v", kafkatest.WaitTimeout, app.Ready())
	}
	return err
}

// wait waits until an App ends by itself and returns its error.
func wait(t *testing.T, app *running) error {
	t.Helper()
	kafkatest.WaitFor(t, "end of the application", func() bool {
		select {
		case <-app.Done():
			return true
		default:
			return false
		}
	})
	return app.Err()
}

// ready waits until an App is ready.
func ready(t *testing.T, app *running) {
	t.Helper()
	kafkatest.WaitFor(t, "readiness", func() bool {
		select {
		case <-app.Done():
			t.Fatalf("ended: %v", app.Err())
		default:
		}
		return app.Ready() == nil && len(app.Status().Tasks) > 0
	})
}

// forward is a topology that passes records on as they are.
func forward(in, out string, opts ...topology.Option) *topology.Builder {
	b := topology.New()
	topology.To(topology.Stream[string, string](b, in, opts...), out)
	return b
}

// put writes values to a partition of a topic, without keys.
func put(t *testing.T, b *kafkatest.Broker, topic string, partition int32, values ...string) {
	t.Helper()
	records := make([]*kgo.Record, len(values))
	for i, v := range values {
		records[i] = &kgo.Record{Topic: topic, Partition: partition, Value: []byte(v)}
	}
	b.Produce(t, records...)
}

// values are the committed values of a topic, by partition and offset.
func values(t *testing.T, b *kafkatest.Broker, topic string) []string {
	t.Helper()
	got := []string{}
	for _, r := range b.ReadCommitted(t, topic) {
		got = append(got, string(r.Value))
	}
	return got
}

// isError fails the test unless err is a *processor.Error of a class, at a
// place, with a hint and all of the given texts.
func isError(t *testing.T, err error, class processor.Class, topic string, partition int32, offset int64, texts ...string) *processor.Error {
	t.Helper()
	var e *processor.Error
	if !errors.As(err, &e) {
		t.Fatalf("no *processor.Error: %v", err)
	}
	if e.Class != class || e.Topic != topic || e.Partition != partition || e.Offset != offset {
		t.Errorf("error of class %s at %s[%d]@%d, want %s at %s[%d]@%d: %v",
			e.Class, e.Topic, e.Partition, e.Offset, class, topic, partition, offset, err)
	}
	if e.Hint == "" {
		t.Errorf("no hint: %v", err)
	}
	says(t, err, texts...)
	return e
}

// says fails the test unless the error has all the texts.
func says(t *testing.T, err error, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("the error does not say %q: %v", text, err)
		}
	}
}

// offsetOf is the offset that err names, for isError where it does not matter.
func offsetOf(err error) int64 {
	var e *processor.Error
	if errors.As(err, &e) {
		return e.Offset
	}
	return -1
}

// expect waits for the committed values of a topic with one partition.
func expect(t *testing.T, b *kafkatest.Broker, topic string, want []string) {
	t.Helper()
	var got []string
	kafkatest.WaitFor(t, fmt.Sprintf("%d records in topic %s", len(want), topic), func() bool {
		got = values(t, b, topic)
		return len(got) >= len(want)
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// truncate deletes the records of a partition below an offset.
func truncate(t *testing.T, b *kafkatest.Broker, topic string, partition int32, offset int64) {
	t.Helper()
	offsets := make(kadm.Offsets)
	offsets.Add(kadm.Offset{Topic: topic, Partition: partition, At: offset})
	resp, err := b.Admin(t).DeleteRecords(t.Context(), offsets)
	if err == nil {
		err = resp.Error()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// noise is text that does not compress.
func noise(rnd *rand.Rand, bytes int) string {
	b := make([]byte, bytes)
	for i := range b {
		b[i] = ' ' + byte(rnd.IntN(95))
	}
	return string(b)
}
