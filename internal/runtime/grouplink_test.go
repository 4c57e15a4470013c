package runtime

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

// heldJoin keeps a member waiting for the answer to one JoinGroup request, as
// it would if another member were slow to join.
type heldJoin struct {
	member atomic.Pointer[string] // whose next request is held
	pass   atomic.Int32           // how many of the member's are not
	here   chan struct{}          // closed when it is held
	gone   chan struct{}          // closed when it is not held any more
	free   chan struct{}
	let    func() // it go, closes free
}

func holdJoin(t *testing.T, b *kafkatest.Broker) *heldJoin {
	h := &heldJoin{here: make(chan struct{}), gone: make(chan struct{}), free: make(chan struct{})}
	h.let = sync.OnceFunc(func() { close(h.free) })
	b.Fake.ControlKey(int16(kmsg.JoinGroup), func(req kmsg.Request) (kmsg.Response, error, bool) {
		b.Fake.KeepControl()
		member := h.member.Load()
		if member == nil || req.(*kmsg.JoinGroupRequest).MemberID != *member || h.pass.Add(-1) >= 0 {
			return nil, nil, false
		}
		h.member.Store(nil)
		close(h.here)
		defer close(h.gone)
		b.Fake.SleepControl(func() { <-h.free })
		return nil, nil, false
	})
	cl := b.Client(t)
	t.Cleanup(func() {
		h.let()
		select {
		case <-h.here:
			<-h.gone
		default:
		}
		// The broker must not be closed while it takes the request up again.
		if err := cl.Ping(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return h
}

// joining starts an instance and returns it with a JoinGroup request that is
// not answered, because a second instance has come.
func joining(t *testing.T) (*rig, *running) {
	r := newRig(t, kafkatest.Fake(t), 1)
	h := holdJoin(t, r.b)
	r.feed(100)
	cfg := r.config()
	cfg.RebalanceTimeout = 10 * time.Minute
	a := r.start(cfg)
	r.settled()
	member, _ := a.group.GroupMetadata()
	h.member.Store(&member)
	second := r.config()
	second.RebalanceTimeout = 10 * time.Minute
	r.start(second)
	<-h.here
	return r, a
}

func TestStopDoesNotWaitForTheEndOfARebalance(t *testing.T) {
	t.Parallel()
	r, a := joining(t)
	if err := a.stop(); err != nil {
		t.Fatalf("Run: %v", err)
	}
	r.feed(100)
	r.settled()
	r.check()
}

// A broker that forgets a member whose JoinGroup request it keeps owes it an
// answer that never comes.
func TestMemberForgottenWhileItJoinsJoinsAgain(t *testing.T) {
	t.Parallel()
	r, a := joining(t)
	old, _ := a.group.GroupMetadata()
	req := kmsg.NewPtrLeaveGroupRequest()
	req.Group = r.app
	gone := kmsg.NewLeaveGroupRequestMember()
	gone.MemberID = old
	req.Members = append(req.Members, gone)
	if _, err := req.RequestWith(t.Context(), r.b.Client(t)); err != nil {
		t.Fatal(err)
	}
	r.feed(100)
	kafkatest.WaitFor(t, "a new member id", func() bool {
		member, _ := a.group.GroupMetadata()
		return member != "" && member != old
	})
	r.settled()
	kafkatest.WaitFor(t, "its share of the tasks", func() bool { return a.tasksHeld() > 0 && len(a.running()) == a.tasksHeld() })
	r.check()
}
