package millrace_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/status"
	"github.com/millrace-io/millrace/topology"
)

func TestLifeOfAnApp(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 2), b.NewTopic(t, 1)
		cfg := config(t, b, kafkatest.NewName(t))
		var mu sync.Mutex // guards states
		var states []string
		cfg.Observer.OnState = func(s processor.StateInfo) {
			mu.Lock()
			defer mu.Unlock()
			states = append(states, s.To)
		}
		app := newApp(t, wordCount(in, out), cfg)
		if app.State() != status.Created || app.Live() != nil || app.Err() != nil {
			t.Errorf("before Run: %s, live %v, err %v", app.State(), app.Live(), app.Err())
		}
		says(t, app.Ready(), "[-]group", "created")
		select {
		case <-app.Done():
			t.Error("done before Run")
		default:
		}
		want := feed(t, b, in, 40)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _ = app.Run(ctx) }()
		kafkatest.WaitFor(t, "all counts", func() bool { return len(b.ReadCommitted(t, out)) == total(want) })
		kafkatest.WaitFor(t, "readiness", func() bool { return app.Ready() == nil && app.State() == status.Running })
		if err := app.Live(); err != nil {
			t.Errorf("live: %v", err)
		}
		s := app.Status()
		if s.App != cfg.AppID || s.State != status.Running || s.Guarantee != "exactly_once" || len(s.Tasks) != 4 || len(s.Workers) != 2 ||
			s.Group.MemberID == "" || s.Topology == "" || s.Error != "" || s.LastCommit.IsZero() {
			t.Errorf("%+v", s)
		}
		if s.Started.IsZero() || time.Since(s.Started) > time.Minute {
			t.Errorf("started %s", s.Started)
		}
		var processed uint64
		for _, task := range s.Tasks {
			processed += task.Processed
			for _, in := range task.Inputs {
				if in.Position < 0 {
					t.Errorf("task %s has no position in %s", task.ID, in.Topic)
				}
			}
		}
		words := int64(total(want))
		if processed != uint64(40+words) {
			t.Errorf("%d processed", processed)
		}
		kafkatest.WaitFor(t, "the last commit", func() bool { return app.Totals().Records == 40+words })
		for _, task := range app.Status().Tasks {
			for _, in := range task.Inputs {
				if at := b.Committed(t, cfg.AppID)[in.Topic][int32(task.Partition)]; in.Committed != at {
					t.Errorf("task %s has committed %d in %s, not %d", task.ID, in.Committed, in.Topic, at)
				}
			}
		}
		if err := app.Run(ctx); err == nil {
			t.Error("an App runs twice")
		}
		cancel()
		<-app.Done()
		if app.Err() != nil || app.State() != status.Stopped || app.Live() != nil {
			t.Errorf("after the end: %v, %s, live %v", app.Err(), app.State(), app.Live())
		}
		says(t, app.Ready(), "stopped")
		if got := app.Totals(); got.Commits == 0 || got.Aborts != 0 || got.Restored != 0 {
			t.Errorf("%+v", got)
		}
		mu.Lock()
		defer mu.Unlock()
		if first, last := states[0], states[len(states)-2:]; first != "starting" || cmp.Diff([]string{"stopping", "stopped"}, last) != "" {
			t.Errorf("states %v", states)
		}
	})
}

// Who is told of a commit finds it in the status.
func TestStatusHasWhatWasReported(t *testing.T) {
	b := kafkatest.Fake(t)
	in, out := b.NewTopic(t, 1), b.NewTopic(t, 1)
	put(t, b, in, 0, "1", "2", "3")
	cfg := config(t, b, kafkatest.NewName(t))
	var app *millrace.App
	var told int
	cfg.Observer.OnCommit = func(c processor.CommitInfo) {
		told += c.Records
		if got := app.Status().Tasks[0].Inputs[0].Committed; got != int64(told) {
			t.Errorf("told of %d records, committed is %d", told, got)
		}
	}
	app = newApp(t, forward(in, out), cfg)
	if err := within(t, app); err != nil || told != 3 {
		t.Errorf("told of %d records, err %v", told, err)
	}
}

func TestFailedApp(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 1), b.NewTopic(t, 1)
		tb := topology.New()
		cause := errors.New("no more")
		topology.To(topology.MapValuesErr(topology.Stream[string, string](tb, in), func(string) (string, error) { return "", cause }), out)
		put(t, b, in, 0, "1")
		app := start(t, tb, config(t, b, kafkatest.NewName(t)))
		err := wait(t, app)
		if !errors.Is(err, cause) || !errors.Is(app.Live(), cause) {
			t.Errorf("err %v, live %v", err, app.Live())
		}
		if app.State() != status.Failed || app.Status().Error == "" {
			t.Errorf("%s: %q", app.State(), app.Status().Error)
		}
		says(t, app.Ready(), "failed")
	})
}

// It is the same with an App that did not even get up.
func TestAppThatCannotStart(t *testing.T) {
	b := kafkatest.Fake(t)
	app := start(t, forward("no-such-input", b.NewTopic(t, 1)), config(t, b, kafkatest.NewName(t)))
	err := wait(t, app)
	says(t, err, "no-such-input")
	if !errors.Is(app.Live(), err) || app.State() != status.Failed || app.Status().Error == "" {
		t.Errorf("live %v, %s, %q", app.Live(), app.State(), app.Status().Error)
	}
}

// Brokers that are away make an instance unready, never dead: nothing is won by
// a restart, and nothing is lost.
func TestBrokerAway(t *testing.T) {
	t.Parallel()
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 1), b.NewTopic(t, 1)
		proxy := kafkatest.NewProxy(t, b.Addrs[0])
		cfg := config(t, b, kafkatest.NewName(t))
		cfg.Client = append(cfg.Client, proxy.Option())
		app := start(t, forward(in, out), cfg)
		put(t, b, in, 0, "1")
		expect(t, b, out, []string{"1"})
		ready(t, app)
		proxy.Cut()
		kafkatest.WaitFor(t, "not being ready", func() bool { return app.Ready() != nil })
		says(t, app.Ready(), "no broker answers")
		if err := app.Live(); err != nil {
			t.Errorf("live: %v", err)
		}
		put(t, b, in, 0, "2")
		proxy.Restore()
		expect(t, b, out, []string{"1", "2"})
		ready(t, app)
	})
}

// An App can be stopped while there is no broker at all.
func TestStopWithoutBroker(t *testing.T) {
	cfg := config(t, kafkatest.Fake(t), kafkatest.NewName(t))
	cfg.Brokers, cfg.Client = []string{"127.0.0.1:1"}, nil
	app := start(t, forward("in", "out"), cfg)
	kafkatest.WaitFor(t, "start", func() bool { return app.State() == status.Starting })
	if err := app.stop(); err != nil {
		t.Error(err)
	}
	if app.State() != status.Stopped {
		t.Error(app.State())
	}
}

// A spare instance, without tasks, is ready.
func TestSpareInstanceIsReady(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 1), b.NewTopic(t, 1)
		cfg := config(t, b, kafkatest.NewName(t))
		first := start(t, forward(in, out), cfg)
		ready(t, first)
		second := start(t, forward(in, out), cfg)
		kafkatest.WaitFor(t, "readiness of both", func() bool { return first.Ready() == nil && second.Ready() == nil })
		if n := len(first.Status().Tasks) + len(second.Status().Tasks); n != 1 {
			t.Errorf("%d tasks", n)
		}
	})
}

// Queries of an App are for many goroutines, at any time.
func TestQueriesWhileRunning(t *testing.T) {
	b := kafkatest.Fake(t)
	in, out := b.NewTopic(t, 2), b.NewTopic(t, 1)
	want := feed(t, b, in, 500)
	app := newApp(t, wordCount(in, out), config(t, b, kafkatest.NewName(t)))
	var asking sync.WaitGroup
	for range 3 {
		asking.Go(func() {
			for {
				_, _, _, _, _, _ = app.Status(), app.State(), app.Totals(), app.Ready(), app.Live(), app.Err()
				select {
				case <-app.Done():
					return
				default:
				}
			}
		})
	}
	if err := within(t, app); err != nil {
		t.Error(err)
	}
	asking.Wait()
	checkCounts(t, b, out, want)
}
