package runtime

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/status"
)

// TestDelayedProduceRequests holds back each produce request for a random time,
// so that those of two transactions overtake each other where nothing keeps
// them from it. Readers must see every word's counts in order, and the last
// one that the changelog has must be the highest.
func TestDelayedProduceRequests(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		for _, exactlyOnce := range []bool{true, false} {
			t.Run(fmt.Sprintf("exactly once %t", exactlyOnce), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, b, 3)
				proxy := kafkatest.NewProxy(t, b.Addrs[0])
				proxy.DelayProduce(20*time.Millisecond, 7)
				r.feed(1500)
				cfg := r.config()
				cfg.ExactlyOnce = exactlyOnce
				cfg.Client = append(cfg.Client, proxy.Option())
				f := watchFlight(&cfg)
				inst := r.start(cfg)
				r.settled()
				if err := inst.stop(); err != nil {
					t.Errorf("Run: %v", err)
				}
				r.check() // at least once is exact as well as long as nothing fails
				r.checkChangelog()
				if n := f.most(); n != cfg.InFlight {
					t.Errorf("%d transactions were in flight at most, want %d", n, cfg.InFlight)
				}
			})
		}
	})
}

// TestSmallTransactionsJoin has a transaction due every millisecond, while each of
// them takes some ten.
func TestSmallTransactionsJoin(t *testing.T) {
	r := newRig(t, kafkatest.Fake(t), 1)
	proxy := kafkatest.NewProxy(t, r.b.Addrs[0])
	proxy.DelayProduce(20*time.Millisecond, 7)
	cfg := r.config()
	cfg.Client = append(cfg.Client, proxy.Option())
	cfg.CommitInterval, cfg.OutboxBytes, cfg.ParcelBytes = time.Millisecond, 1<<20, 1<<20
	f := watchFlight(&cfg)
	inst := r.start(cfg)
	for range 20 {
		r.feed(10)
	}
	r.settled()
	if err := inst.stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
	r.check()
	if n := f.most(); n != 1 {
		t.Errorf("%d transactions were in flight at most", n)
	}
}

// TestBrokerAway cuts the network for longer than the session and the
// transactions may last, in the middle of the work.
func TestBrokerAway(t *testing.T) {
	t.Parallel()
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newRig(t, b, 2)
		proxy := kafkatest.NewProxy(t, b.Addrs[0])
		r.feed(1000)
		w := r.watchRestores()
		cfg := w.on(r.config())
		cfg.State = keep(t, state.Memory())
		cfg.Client = append(cfg.Client, proxy.Option())
		inst := r.start(cfg)
		kafkatest.WaitFor(t, "some commits", func() bool { return inst.Totals().Commits > 10 })
		proxy.Cut()
		cut := time.Now()
		kafkatest.WaitFor(t, "the loss to be noticed", func() bool { return !ready(inst.Instance) })
		for time.Since(cut) < cfg.SessionTimeout+cfg.TransactionTimeout/2 {
			if ready(inst.Instance) {
				t.Fatalf("ready while no broker can be reached: %v", inst.Checks())
			}
			if err := inst.Live(); err != nil {
				t.Fatalf("not alive, although a restart would not help: %v", err)
			}
			time.Sleep(20 * time.Millisecond)
		}
		r.feed(500)
		proxy.Restore()
		kafkatest.WaitFor(t, "readiness", func() bool { return ready(inst.Instance) })
		r.settled()
		if err := inst.stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
		r.check()
	})
}

func ready(i *Instance) bool {
	for _, c := range i.Checks() {
		if !c.OK {
			return false
		}
	}
	return true
}

// TestStopWithoutABroker asks an instance to end while no broker can be
// reached, in each of its phases, politely and not.
func TestStopWithoutABroker(t *testing.T) {
	t.Parallel()
	// The shutdown time-out, two clean aborts, and the client's leaving of the
	// group, which all have their own bounds.
	const patience = 20 * time.Second
	phases := []string{"starting", "restoring", "running"}
	for _, phase := range phases {
		for _, abort := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/abort=%t", phase, abort), func(t *testing.T) {
				t.Parallel()
				b := kafkatest.Fake(t)
				r := newRig(t, b, 2)
				proxy := kafkatest.NewProxy(t, b.Addrs[0])
				r.feed(500)
				cfg := r.config()
				cfg.ShutdownTimeout = 2 * time.Second
				cfg.Client = append(cfg.Client, proxy.Option())
				switch phase {
				case "starting":
					cfg.Client = []kgo.Opt{kgo.SeedBrokers("127.0.0.1:1")} // nobody listens there
				case "restoring":
					r.catchUp(r.config()) // leaves a changelog to restore
					r.feed(500)
				}
				inst := New(cfg)
				restoring := make(chan struct{}, 16)
				if phase == "restoring" {
					inst.cfg.State = onStore{cfg.State, func() {
						proxy.Cut()
						restoring <- struct{}{}
					}}
				}
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				done := make(chan error, 1)
				go func() { done <- inst.Run(ctx) }()
				switch phase {
				case "starting":
					kafkatest.WaitFor(t, "the start", func() bool { return inst.State() == status.Starting && inst.brokersAway.Load() })
				case "restoring":
					<-restoring
				case "running":
					kafkatest.WaitFor(t, "some commits", func() bool { return inst.Totals().Commits > 3 })
					proxy.Cut()
				}
				if ready(inst) && phase != "running" {
					t.Errorf("ready: %v", inst.Checks())
				}
				asked := time.Now()
				if abort {
					inst.Abort()
				} else {
					cancel()
				}
				select {
				case err := <-done:
					t.Logf("ended after %s: %v", time.Since(asked), err)
					// While state is restored the tasks without any process already.
					if err != nil && (abort || phase == "starting") {
						t.Errorf("Run: %v", err)
					}
				case <-time.After(patience):
					t.Errorf("still not ended after %s", patience)
					<-done
				}
				proxy.Restore()
				r.catchUp(r.config())
				r.check()
			})
		}
	}
}

// onStore calls a function before a store is opened.
type onStore struct {
	state.Backend
	fn func()
}

func (o onStore) Open(ctx context.Context, opts state.Options) (state.DB, error) {
	db, err := o.Backend.Open(ctx, opts)
	return onStoreDB{db, o.fn}, err
}

type onStoreDB struct {
	state.DB
	fn func()
}

func (o onStoreDB) Store(id state.ID) (state.Store, error) {
	o.fn()
	return o.DB.Store(id)
}
