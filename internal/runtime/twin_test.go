package runtime

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

// fenceIDs takes the transactional ids of an instance's worker over, as those
// do who believe that it is gone.
func (r *rig) fenceIDs(instance string) {
	r.t.Helper()
	for slot := range slotCount {
		id := transactionalID(r.app, instance, 0, slot)
		cl, err := kgo.NewClient(append(r.b.Options(), kgo.TransactionalID(id))...)
		if err != nil {
			r.t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), kafkatest.WaitTimeout)
		_, _, err = cl.ProducerID(ctx)
		cancel()
		cl.Close()
		if err != nil {
			r.t.Fatalf("fence %s: %v", id, err)
		}
	}
}

// TestFencedOnce fences all transactional ids of a running instance, as others
// do after they have taken an instance for dead that then comes back. One
// transaction after the other finds out; none of it is lost, and the instance
// goes on.
func TestFencedOnce(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newRig(t, b, 2)
		r.feed(500)
		cfg := r.config()
		cfg.InstanceID, cfg.CommitInterval = "one", 5*time.Millisecond // which takes three clients
		inst := r.start(cfg)
		kafkatest.WaitFor(t, "some commits", func() bool { return inst.Totals().Commits > 5 })
		r.fenceIDs("one")
		r.feed(500)
		r.settled()
		if n := inst.Totals().Aborts; n == 0 {
			t.Error("no transaction was fenced")
		}
		if err := inst.stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
		r.check()
	})
}

// TestFencedAgainAndAgain does so until the instance gives up: somebody else
// lives under its id.
func TestFencedAgainAndAgain(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newRig(t, b, 2)
		cfg := r.config()
		cfg.InstanceID = "one"
		inst := r.start(cfg)
		kafkatest.WaitFor(t, "the instance to give up", func() bool {
			r.feed(20)
			r.fenceIDs("one")
			return inst.Live() != nil
		})
		if err := <-inst.done; err == nil || !strings.Contains(err.Error(), `another process uses instance id "one"`) {
			t.Errorf("Run: %v", err)
		}
		inst.done <- nil // for stop
		r.catchUp(r.config())
		r.check()
	})
}

// TestTwins starts a second instance under the id of a running one. One of the
// two is told why it must go, and the other one goes on.
func TestTwins(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newRig(t, b, 2)
		r.feed(300)
		cfg := r.config()
		cfg.InstanceID = "one"
		first := r.start(cfg)
		kafkatest.WaitFor(t, "some commits", func() bool { return first.Totals().Commits > 3 })
		cfg = r.config()
		cfg.InstanceID, cfg.Host = "one", "elsewhere"
		second := r.start(cfg)
		r.feed(300)
		kafkatest.WaitFor(t, "one of them to give up", func() bool { return first.Live() != nil || second.Live() != nil })
		gone, left := first, second
		if second.Live() != nil {
			gone, left = second, first
		}
		err := <-gone.done
		gone.done <- nil // for stop
		if err == nil || !strings.Contains(err.Error(), `instance id "one"`) || !strings.Contains(err.Error(), "Config.InstanceID of its own") {
			t.Errorf("Run: %v", err)
		}
		t.Logf("the first stays: %t, the other one's Run: %v", left == first, err)
		r.settled()
		if err := left.stop(); err != nil {
			t.Errorf("Run of the one that stays: %v", err)
		}
		r.check()
	})
}
