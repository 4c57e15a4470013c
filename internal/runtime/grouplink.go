package runtime

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// groupLink is what the group's client is connected with. The client waits for
// the answer to a JoinGroup request for as long as a rebalance may take,
// whatever becomes of the group and of the instance meanwhile: only the end of
// the connection or of ctx ends that.
type groupLink struct {
	ctx context.Context // the client's
	end context.CancelFunc

	mu      sync.Mutex // guards what follows
	conns   map[net.Conn]struct{}
	member  string    // refused as unknown
	refused time.Time // first
}

var (
	_ kgo.HookBrokerConnect    = (*groupLink)(nil)
	_ kgo.HookBrokerDisconnect = (*groupLink)(nil)
)

func newGroupLink() *groupLink {
	l := &groupLink{conns: make(map[net.Conn]struct{})}
	l.ctx, l.end = context.WithCancel(context.Background())
	return l
}

// OnBrokerConnect implements kgo.HookBrokerConnect.
func (l *groupLink) OnBrokerConnect(_ kgo.BrokerMetadata, _ time.Duration, c net.Conn, err error) {
	if err != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[c] = struct{}{}
}

// OnBrokerDisconnect implements kgo.HookBrokerDisconnect.
func (l *groupLink) OnBrokerDisconnect(_ kgo.BrokerMetadata, c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
}

// unknown notes that the coordinator does not know a member id that the client
// goes by, and cuts the client off if that was so for patience already. It
// reports whether it did. A heartbeat would have been told as much and the
// client would have joined again, so it waits for the answer to a join that
// the coordinator has forgotten.
func (l *groupLink) unknown(member string, now time.Time, patience time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.member != member {
		l.member, l.refused = member, now
	}
	if now.Sub(l.refused) < patience {
		return false
	}
	l.member = ""
	for c := range l.conns {
		_ = c.Close() // the client sees a broken connection and sends the request again
	}
	return true
}
