package runtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
)

// calling is a rig whose topology passes every value through a call.
type calling struct {
	*rig
	call   func(ctx context.Context, value string) (string, error)
	async  topology.Async
	keys   map[string][]string // values in the order of each key
	writer *kgo.Client         // of one
}

func newCalling(t *testing.T, b *kafkatest.Broker, partitions int) *calling {
	r := &calling{rig: newRig(t, b, partitions), async: topology.Async{Timeout: time.Minute}, keys: make(map[string][]string)}
	r.call = func(_ context.Context, value string) (string, error) { return value, nil }
	return r
}

// write writes n records over a few keys. The value is the key and a number.
func (r *calling) write(n int) {
	r.t.Helper()
	records := make([]*kgo.Record, n)
	for i := range records {
		key := "k" + strconv.Itoa(r.rnd.IntN(60))
		value := key + " " + strconv.Itoa(len(r.keys[key]))
		r.keys[key] = append(r.keys[key], value)
		records[i] = &kgo.Record{Topic: r.in, Key: []byte(key), Value: []byte(value)}
	}
	r.b.Produce(r.t, records...)
}

// one writes a record to a partition, wherever its key belongs.
func (r *calling) one(partition int32, key, value string) {
	r.t.Helper()
	r.keys[key] = append(r.keys[key], value)
	if r.writer == nil {
		r.writer = r.b.Client(r.t, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	}
	if err := r.writer.ProduceSync(r.t.Context(), &kgo.Record{Topic: r.in, Partition: partition, Key: []byte(key), Value: []byte(value)}).FirstErr(); err != nil {
		r.t.Fatal(err)
	}
}

func (r *calling) configure(exactlyOnce bool) Config {
	b := topology.New()
	topology.To(topology.MapValuesAsync(topology.Stream[string, string](b, r.in), r.call, r.async, topology.Name("enrich")), r.out)
	cfg := r.over(r.config(), b)
	cfg.ExactlyOnce = exactlyOnce
	return cfg
}

// latency makes calls take up to 4 ms.
func (r *calling) latency() {
	r.call = func(ctx context.Context, value string) (string, error) {
		select {
		case <-time.After(rand.N(4 * time.Millisecond)):
			return value, nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// results are the committed values by key.
func (r *calling) results() map[string][]string {
	r.t.Helper()
	got := make(map[string][]string)
	for _, rec := range r.b.ReadCommitted(r.t, r.out) {
		got[string(rec.Key)] = append(got[string(rec.Key)], string(rec.Value))
	}
	return got
}

// check fails the test unless every value came out once, in the order of its
// key; or, if repeats are allowed, at least once.
func (r *calling) check(exactlyOnce bool) {
	r.t.Helper()
	got := r.results()
	for key, want := range r.keys {
		if exactlyOnce && !slices.Equal(got[key], want) {
			r.t.Errorf("key %s: %d results of %d: %v", key, len(got[key]), len(want), got[key])
		}
		for _, value := range want {
			if !slices.Contains(got[key], value) {
				r.t.Errorf("key %s: %q is lost", key, value)
			}
		}
	}
}

// ended waits for the end of an instance that is not told to stop.
func (run *running) ended() error {
	err := <-run.done
	run.done <- err
	return err
}

func eachGuarantee(t *testing.T, fn func(t *testing.T, b *kafkatest.Broker, exactlyOnce bool)) {
	t.Parallel()
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		for _, exactlyOnce := range []bool{true, false} {
			t.Run(fmt.Sprintf("exactly once %t", exactlyOnce), func(t *testing.T) {
				t.Parallel()
				fn(t, b, exactlyOnce)
			})
		}
	})
}

// TestCallsThroughACrash ends an instance while calls are open, twice; the last
// one runs until it has caught up, which must not be before the last result.
func TestCallsThroughACrash(t *testing.T) {
	eachGuarantee(t, func(t *testing.T, b *kafkatest.Broker, exactlyOnce bool) {
		r := newCalling(t, b, 2)
		r.write(3000)
		for crash := range 2 {
			r.latency()
			var calls atomic.Int32
			slow, limit, full := r.call, int32(500*(crash+1)), make(chan struct{})
			r.call = func(ctx context.Context, value string) (string, error) {
				if calls.Add(1) == limit {
					close(full)
				}
				return slow(ctx, value)
			}
			run := r.start(r.configure(exactlyOnce))
			<-full
			run.Abort()
			if err := run.ended(); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(b.ReadCommitted(t, r.out)); n == 0 || n >= 3000 {
			t.Errorf("%d results were committed before the last instance", n)
		}
		r.latency()
		r.catchUp(r.configure(exactlyOnce))
		r.check(exactlyOnce)
	})
}

// TestCallsThroughRebalances has an instance join and another one leave while
// calls are open.
func TestCallsThroughRebalances(t *testing.T) {
	eachGuarantee(t, func(t *testing.T, b *kafkatest.Broker, exactlyOnce bool) {
		r := newCalling(t, b, 4)
		r.latency()
		r.write(1000)
		one := r.start(r.configure(exactlyOnce))
		kafkatest.WaitFor(t, "first results", func() bool { return one.Totals().Records > 200 })
		two := r.start(r.configure(exactlyOnce))
		kafkatest.WaitFor(t, "the second instance to get tasks", func() bool { return two.tasksHeld() == 2 })
		r.write(2000)
		if err := one.stop(); err != nil {
			t.Error(err)
		}
		kafkatest.WaitFor(t, "commits up to the end", func() bool { return r.reached(r.in) })
		if err := two.stop(); err != nil {
			t.Error(err)
		}
		r.check(exactlyOnce)
	})
}

// gate holds the calls for some values until it is opened.
type gate struct {
	entered chan string // values, as their calls begin
	open    chan struct{}
	once    sync.Once
}

func (r *calling) gate(held func(value string) bool) *gate {
	g := &gate{entered: make(chan string, 100), open: make(chan struct{})}
	r.t.Cleanup(g.let)
	r.call = func(ctx context.Context, value string) (string, error) {
		if held(value) {
			g.entered <- value
			select {
			case <-g.open:
			case <-ctx.Done():
				return "", ctx.Err()
			}
		}
		return value, nil
	}
	return g
}

func (g *gate) let() { g.once.Do(func() { close(g.open) }) }

// TestStopDrainsCalls stops an instance that has calls open. They are done
// before it ends, and what they bring is committed.
func TestStopDrainsCalls(t *testing.T) {
	eachGuarantee(t, func(t *testing.T, b *kafkatest.Broker, exactlyOnce bool) {
		r := newCalling(t, b, 1)
		g := r.gate(func(string) bool { return true })
		for i := range 5 {
			r.one(0, "k"+strconv.Itoa(i), "v")
		}
		run := r.start(r.configure(exactlyOnce))
		kafkatest.WaitFor(t, "all calls", func() bool { return len(g.entered) == 5 })
		stopped := make(chan error, 1)
		go func() { stopped <- run.stop() }()
		kafkatest.WaitFor(t, "the stop to begin", run.stopping)
		r.one(0, "late", "v") // is not taken any more
		g.let()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		if at := b.Committed(t, r.app)[r.in][0]; at != 5 {
			t.Errorf("committed %d of 5", at)
		}
		delete(r.keys, "late")
		r.check(true)
		if n := len(g.entered); n > 5 {
			t.Errorf("%d more calls were made", n-5)
		}
	})
}

// TestStopDoesNotWaitForeverForCalls has a call that does not end before the
// shutdown time-out, and one that does not even end with its context.
func TestStopDoesNotWaitForeverForCalls(t *testing.T) {
	eachGuarantee(t, func(t *testing.T, b *kafkatest.Broker, exactlyOnce bool) {
		for _, deaf := range []bool{false, true} {
			r := newCalling(t, b, 1)
			entered, open := make(chan struct{}, 1), make(chan struct{})
			t.Cleanup(func() { close(open) })
			r.call = func(ctx context.Context, value string) (string, error) {
				entered <- struct{}{}
				if deaf {
					<-open
					return "", nil
				}
				<-ctx.Done()
				return "", ctx.Err()
			}
			r.one(0, "k", "v")
			cfg := r.configure(exactlyOnce)
			cfg.ShutdownTimeout = 300 * time.Millisecond
			run := r.start(cfg)
			<-entered
			err := run.stop()
			if err == nil || !strings.Contains(err.Error(), "aborted after 300ms with calls open (enrich: 1)") {
				t.Errorf("error is %v", err)
			}
			if errors.Is(err, errDeafCalls) != deaf {
				t.Errorf("deaf %t: error is %v", deaf, err)
			}
			if at := b.Committed(t, r.app)[r.in][0]; at != 0 {
				t.Errorf("committed %d", at)
			}
		}
	})
}

// TestSlowCallsAbort has a call outlast the transaction time-out. Its
// transaction is aborted, with an error that says why, and the call is made
// again; the other task of the worker commits meanwhile.
func TestSlowCallsAbort(t *testing.T) {
	t.Parallel()
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newCalling(t, b, 2)
		var calls, ended atomic.Int32
		r.call = func(ctx context.Context, value string) (string, error) {
			if value == "slow" && calls.Add(1) == 1 {
				<-ctx.Done()
				ended.Add(1)
				return "", ctx.Err()
			}
			return value, nil
		}
		r.one(0, "before", "v")
		r.one(0, "k", "slow")
		r.one(0, "k", "behind")
		r.one(1, "other", "v")
		cfg := r.configure(true)
		cfg.TransactionTimeout = time.Second
		aborted := make(chan error, 10)
		cfg.Observer.OnCommit = func(i processor.CommitInfo) {
			if !i.Committed {
				aborted <- i.Err
			}
		}
		run := r.start(cfg)
		kafkatest.WaitFor(t, "the other task to commit", func() bool { return b.Committed(t, r.app)[r.in][1] == 1 })
		if ended.Load() > 0 {
			t.Error("the other task waited for the call")
		}
		var e *processor.Error
		if err := <-aborted; !errors.As(err, &e) || !errors.Is(err, errSlowCalls) || !strings.Contains(err.Error(), "task 0_0: a commit was due and calls were still open after 1") || !strings.Contains(err.Error(), "(enrich: 2)") {
			t.Errorf("aborted by %v", err)
		}
		kafkatest.WaitFor(t, "commits up to the end", func() bool { return r.reached(r.in) })
		if err := run.stop(); err != nil {
			t.Error(err)
		}
		r.check(true)
		if calls.Load() != 2 || ended.Load() != 1 {
			t.Errorf("the slow call was made %d times, %d ended with its context", calls.Load(), ended.Load())
		}
	})
}

// TestOffsetsStayBeforeAnOpenCall has one call last while many others are done.
// Without transactions their results are out, and the offset stays.
func TestOffsetsStayBeforeAnOpenCall(t *testing.T) {
	t.Parallel()
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newCalling(t, b, 1)
		g := r.gate(func(value string) bool { return value == "slow" })
		for i := range 100 {
			value := "v"
			if i == 40 {
				value = "slow"
			}
			r.one(0, "k"+strconv.Itoa(i), value)
		}
		run := r.start(r.configure(false))
		kafkatest.WaitFor(t, "the call", func() bool { return len(g.entered) == 1 })
		kafkatest.WaitFor(t, "the others' results", func() bool { return len(b.ReadCommitted(t, r.out)) == 99 })
		kafkatest.WaitFor(t, "the commit before the call", func() bool { return b.Committed(t, r.app)[r.in][0] == 40 })
		commits := run.figures.commits.Load()
		r.one(0, "more", "v")
		kafkatest.WaitFor(t, "one more commit", func() bool { return run.figures.commits.Load() > commits })
		if at := b.Committed(t, r.app)[r.in][0]; at != 40 {
			t.Errorf("committed %d, and 40 has a call open", at)
		}
		g.let()
		kafkatest.WaitFor(t, "commits up to the end", func() bool { return r.reached(r.in) })
		r.check(true)
	})
}

// TestAFailedCallEndsTheApplication: the default policy is to fail, and the
// error says where.
func TestAFailedCallEndsTheApplication(t *testing.T) {
	eachGuarantee(t, func(t *testing.T, b *kafkatest.Broker, exactlyOnce bool) {
		r := newCalling(t, b, 1)
		down := errors.New("service is down")
		r.call = func(_ context.Context, value string) (string, error) {
			if value == "bad" {
				return "", down
			}
			return value, nil
		}
		r.one(0, "k", "good")
		r.one(0, "l", "bad")
		err := r.start(r.configure(exactlyOnce)).ended()
		var e *processor.Error
		if !errors.As(err, &e) || !errors.Is(err, down) || e.Node != "enrich" || e.Offset != 1 || e.Class != processor.Process {
			t.Errorf("Run: %v", err)
		}
	})
}

// ticker forwards every record, asks for a commit if its value says so, and
// sends a record of its own once.
type ticker struct{ ctx processor.Context }

func (p *ticker) Init(out processor.Output[string, string]) error {
	var cancel func()
	cancel = p.ctx.Schedule(processor.WallClock, time.Millisecond, func(int64) error {
		cancel()
		return out.Forward(processor.NewRecord("tick", "tick", 0))
	})
	return nil
}

func (p *ticker) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
	if r.Value == "commit" {
		p.ctx.Commit()
	}
	return out.Forward(r)
}

// behindTicker is a configuration with a ticker before the calls.
func (r *calling) behindTicker() Config {
	b := topology.New()
	ticked := topology.Process(topology.Stream[string, string](b, r.in), func(ctx processor.Context) *ticker { return &ticker{ctx} })
	topology.To(topology.MapValuesAsync(ticked, r.call, r.async), r.out)
	return r.over(r.config(), b)
}

// TestATaskGoesOnAfterACommitOfNothing has a commit wait for the call of a
// punctuation, which fails and is skipped: there is nothing to commit then.
func TestATaskGoesOnAfterACommitOfNothing(t *testing.T) {
	t.Parallel()
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newCalling(t, b, 1)
		skipped := make(chan struct{})
		r.call = func(_ context.Context, value string) (string, error) {
			if value == "tick" {
				<-time.After(100 * time.Millisecond) // five times the commit interval
				return "", errors.New("service is down")
			}
			return value, nil
		}
		cfg := r.behindTicker()
		cfg.Policies.Punctuate.Then = processor.Skip
		cfg.Observer.OnError = func(*processor.Error, processor.Action) { close(skipped) }
		r.start(cfg)
		kafkatest.WaitFor(t, "the call to fail", func() bool {
			select {
			case <-skipped:
				return true
			default:
				return false
			}
		})
		r.one(0, "k", "v")
		kafkatest.WaitFor(t, "commits up to the end", func() bool { return r.reached(r.in) })
		r.check(true)
	})
}

// TestADrainedTaskIsCommittedAtOnce has one task commit while another one waits
// for a call: that does not wait for the next interval when the call is done.
func TestADrainedTaskIsCommittedAtOnce(t *testing.T) {
	t.Parallel()
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newCalling(t, b, 2)
		g := r.gate(func(value string) bool { return value == "slow" })
		cfg := r.behindTicker()
		cfg.Bounded, cfg.CommitInterval, cfg.TransactionTimeout = true, time.Hour, time.Minute
		r.start(cfg)
		r.one(0, "k", "slow")
		kafkatest.WaitFor(t, "the call", func() bool { return len(g.entered) == 1 })
		r.one(1, "l", "commit")
		kafkatest.WaitFor(t, "one task's commit", func() bool { return b.Committed(t, r.app)[r.in][1] == 1 })
		g.let()
		kafkatest.WaitFor(t, "the other task's commit", func() bool { return b.Committed(t, r.app)[r.in][0] == 1 })
		r.check(true)
	})
}

// TestAStoreThatFailsBesideSlowCallsEndsTheApplication: calls that are not done
// in time take a worker back to its last commit, but a store that is behind its
// changelog by then must not be read any more.
func TestAStoreThatFailsBesideSlowCallsEndsTheApplication(t *testing.T) {
	t.Parallel()
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newCalling(t, b, 1)
		r.call = func(ctx context.Context, value string) (string, error) {
			if value == "slow" {
				<-ctx.Done()
			}
			return value, ctx.Err()
		}
		cfg := r.configure(true)
		cfg.TransactionTimeout = time.Second
		broken, applying, late := errors.New("disk full"), make(chan struct{}), make(chan struct{})
		var once, twice sync.Once
		cfg.Fault = func(p Point, _ uint64) (err error) {
			if p == PointApplied {
				once.Do(func() { close(applying); <-late; err = broken })
			}
			return err
		}
		cfg.Observer.OnCommit = func(i processor.CommitInfo) {
			if errors.Is(i.Err, errSlowCalls) {
				twice.Do(func() { close(late) })
			}
		}
		run := r.start(cfg)
		r.one(0, "k", "first")
		<-applying
		r.one(0, "l", "slow")
		if err := run.ended(); !errors.Is(err, broken) {
			t.Errorf("Run: %v", err)
		}
	})
}

// TestACallThatNeverReturnsEndsTheApplication: its key would stand still
// without a word, and under exactly once each abort would leave one more behind.
func TestACallThatNeverReturnsEndsTheApplication(t *testing.T) {
	eachGuarantee(t, func(t *testing.T, b *kafkatest.Broker, exactlyOnce bool) {
		r := newCalling(t, b, 1)
		open := make(chan struct{})
		t.Cleanup(func() { close(open) })
		r.call = func(context.Context, string) (string, error) {
			<-open
			return "", nil
		}
		r.async.Timeout = 10 * time.Millisecond
		r.one(0, "k", "v")
		cfg := r.configure(exactlyOnce)
		cfg.TransactionTimeout, cfg.ShutdownTimeout = time.Second, 100*time.Millisecond
		err := r.start(cfg).ended()
		if !errors.Is(err, errDeafCalls) || !strings.Contains(err.Error(), "1s after their context had ended (enrich: ") {
			t.Errorf("Run: %v", err)
		}
	})
}

// TestCallsThatNoTransactionCanWaitForAreNamedAtTheStart: under at least once
// no commit waits for them.
func TestCallsThatNoTransactionCanWaitForAreNamedAtTheStart(t *testing.T) {
	b := kafkatest.Fake(t)
	for _, c := range []struct {
		async       topology.Async
		exactlyOnce bool
		want        string
	}{
		{topology.Async{Timeout: 2 * time.Second, Retries: 1, Backoff: 2 * time.Second}, true, ""}, // 6 s
		{topology.Async{Timeout: 2 * time.Second, Retries: 2, Backoff: time.Second}, true, "node=enrich call=9s transaction_timeout=6s"},
		{topology.Async{Timeout: time.Second, Retries: 8, Backoff: time.Second}, true, "call=3m20s"}, // 9 + 63 + 2*64
		{topology.Async{Timeout: math.MaxInt64, Retries: math.MaxInt}, true, "call=1281023h53m"},
		{topology.Async{Timeout: time.Minute}, false, ""},
	} {
		r := newCalling(t, b, 1)
		r.async = c.async
		cfg := r.configure(c.exactlyOnce)
		var log strings.Builder
		cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
		New(cfg).checkCalls()
		if got := log.String(); !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%+v: the log says %q, want %q", c.async, got, c.want)
		}
	}
}

// TestOthersCommitWhileATaskIsGivenBack has a task that is to be given back wait
// for a call. The other one of its worker goes on meanwhile.
func TestOthersCommitWhileATaskIsGivenBack(t *testing.T) {
	eachGuarantee(t, func(t *testing.T, b *kafkatest.Broker, exactlyOnce bool) {
		r := newCalling(t, b, 2)
		g := r.gate(func(value string) bool { return value == "slow" })
		r.one(0, "k", "slow")
		cfg := r.configure(exactlyOnce)
		cfg.TransactionTimeout = time.Minute
		run := r.start(cfg)
		kafkatest.WaitFor(t, "the call", func() bool { return len(g.entered) == 1 })
		gone := (*run.held.Load())[processor.TaskID{Partition: 0}]
		done := gone.worker.release([]*handle{gone})
		for i := range int64(3) {
			r.one(1, "l", fmt.Sprint(i))
			kafkatest.WaitFor(t, "a commit of the other task", func() bool { return b.Committed(t, r.app)[r.in][1] > i })
		}
		g.let()
		<-done
		if at := b.Committed(t, r.app)[r.in][0]; at != 1 {
			t.Errorf("given back at offset %d", at)
		}
		r.check(true)
	})
}
