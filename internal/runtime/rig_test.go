package runtime

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/metrics"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
)

func TestMain(m *testing.M) {
	// The parallel tests here wait for heartbeats and time-outs, not for a
	// processor.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(kafkatest.Main(m))
}

// rig is a word count over one broker, run by as many instances as a test
// wants, with what it must come to.
type rig struct {
	t       testing.TB
	b       *kafkatest.Broker
	app     string
	in, out string
	rnd     *rand.Rand
	want    map[string]int64
}

func newRig(t *testing.T, b *kafkatest.Broker, partitions int) *rig {
	return &rig{
		t: t, b: b, app: kafkatest.NewName(t), in: b.NewTopic(t, partitions), out: b.NewTopic(t, 3),
		rnd: rand.New(rand.NewPCG(1, 2)), want: make(map[string]int64),
	}
}

// feed writes n lines of words.
func (r *rig) feed(n int) {
	r.t.Helper()
	records := make([]*kgo.Record, n)
	for i := range records {
		words := make([]string, 1+r.rnd.IntN(4))
		for j := range words {
			words[j] = fmt.Sprintf("w%d", r.rnd.IntN(40))
			r.want[words[j]]++
		}
		records[i] = kgo.KeySliceRecord([]byte(strconv.Itoa(r.rnd.IntN(1000))), []byte(strings.Join(words, " ")))
		records[i].Topic = r.in
	}
	r.b.Produce(r.t, records...)
}

// config is that of an instance with short times and one worker. Tests change
// what they are about.
func (r *rig) config() Config {
	b := topology.New()
	lines := topology.Stream[string, string](b, r.in)
	words := topology.FlatMapValues(lines, strings.Fields)
	counts := topology.Count(topology.GroupBy(words, func(_, word string) string { return word }), "counts")
	topology.To(counts.ToStream(), r.out, topology.Serdes(serde.String, serde.DecimalInt64))
	g, err := b.Build()
	if err != nil {
		r.t.Fatal(err)
	}
	return Config{
		App: r.app, Host: "test", Client: r.b.Options(), Graph: g, State: state.Memory(),
		Workers: 1, InFlight: 2, ExactlyOnce: true, Batch: 16,
		CommitInterval: 20 * time.Millisecond, SessionTimeout: 6 * time.Second, RebalanceTimeout: 10 * time.Second,
		TransactionTimeout: 6 * time.Second, ShutdownTimeout: 10 * time.Second, StateRetention: time.Hour, Housekeeping: time.Second,
		QueueBytes: 1 << 20, EntryBytes: 1 << 20, OutboxBytes: 8_000, ParcelBytes: 1000, CacheBytes: 1 << 20, MemtableBytes: 1 << 20,
		ReplicationFactor: -1,
		Recorder:          metrics.New(metrics.Info{App: r.app, Subtopologies: len(g.Subtopologies), Stores: []string{"counts"}}),
		Logger:            testLog(r.t),
	}
}

// check fails the test unless the committed counts of every word are 1, 2, ...
func (r *rig) check() {
	r.t.Helper()
	got := make(map[string]int64)
	for _, rec := range r.b.ReadCommitted(r.t, r.out) {
		n, err := strconv.ParseInt(string(rec.Value), 10, 64)
		if err != nil {
			r.t.Fatal(err)
		}
		word := string(rec.Key)
		if n != got[word]+1 {
			r.t.Fatalf("word %s: count %d follows %d", word, n, got[word])
		}
		got[word] = n
	}
	defer func() {
		if r.t.Failed() {
			r.t.Logf("committed %v, input ends at %v, repartition at %v", r.b.Committed(r.t, r.app), r.b.EndOffsets(r.t, r.in), r.b.EndOffsets(r.t, r.app+"-counts-repartition"))
		}
	}()
	for word, n := range r.want {
		if got[word] != n {
			r.t.Errorf("word %s: counted %d of %d", word, got[word], n)
		}
	}
}

// running is an instance in the background.
type running struct {
	*Instance
	stop func() error // ends its context and returns what Run returned
	done chan error
}

func (r *rig) start(cfg Config) *running {
	ctx, cancel := context.WithCancel(context.Background())
	run := &running{Instance: New(cfg), done: make(chan error, 1)}
	go func() { run.done <- run.Run(ctx) }()
	var once sync.Once
	run.stop = func() (err error) {
		once.Do(func() {
			cancel()
			err = <-run.done
		})
		return err
	}
	r.t.Cleanup(func() { _ = run.stop() })
	return run
}

// catchUp runs instances, together, until nothing is left to do, and fails the
// test if for WaitTimeout none of them commits anything: how long all of it takes
// is a matter of the machine.
func (r *rig) catchUp(cfgs ...Config) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(r.t.Context())
	defer cancel()
	patience := time.AfterFunc(kafkatest.WaitTimeout, cancel)
	defer patience.Stop()
	errs := make([]error, len(cfgs))
	var all sync.WaitGroup
	for i, cfg := range cfgs {
		seen := cfg.Observer.OnCommit
		cfg.Observer.OnCommit = func(c processor.CommitInfo) {
			if c.Committed {
				patience.Reset(kafkatest.WaitTimeout)
			}
			if seen != nil {
				seen(c)
			}
		}
		all.Go(func() { errs[i] = New(cfg).RunUntilCaughtUp(ctx) })
	}
	all.Wait()
	if ctx.Err() != nil {
		r.t.Errorf("RunUntilCaughtUp: nothing was committed for %s", kafkatest.WaitTimeout)
	}
	if err := errors.Join(errs...); err != nil {
		r.t.Fatalf("RunUntilCaughtUp: %v", err)
	}
}

func testLog(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(&logWriter{t: t}, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// logWriter writes to the test's log until the test is over: a client may
// still have something to say then.
type logWriter struct {
	mu sync.Mutex
	t  testing.TB
}

func (w *logWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.t.Context().Err() == nil {
		w.t.Log(strings.TrimSpace(string(p)))
	}
	return len(p), nil
}
