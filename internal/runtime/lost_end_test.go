package runtime

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/state"
)

// cutter loses the connection of requests of one kind, before they have
// reached the broker or after, in which case only the answer is lost.
type cutter struct {
	key   kmsg.Key
	after bool
	every int32

	seen, cuts atomic.Int32
}

func (c *cutter) option() kgo.Opt {
	return kgo.Dialer(func(ctx context.Context, network, addr string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &cutConn{Conn: conn, by: c}, nil
	})
}

type cutConn struct {
	net.Conn
	by *cutter

	mu   sync.Mutex // guards lose
	lose bool       // the next answer
}

// Write gets whole requests: four bytes of length, then two that name the kind.
func (c *cutConn) Write(b []byte) (int, error) {
	if len(b) < 6 || kmsg.Key(binary.BigEndian.Uint16(b[4:])) != c.by.key || c.by.seen.Add(1)%c.by.every != 0 {
		return c.Conn.Write(b)
	}
	c.by.cuts.Add(1)
	if !c.by.after {
		c.Close()
		return len(b), nil // the client learns of it when it reads
	}
	c.mu.Lock()
	c.lose = true
	c.mu.Unlock()
	return c.Conn.Write(b)
}

// Read waits for an answer before it loses it, so that the broker has acted.
func (c *cutConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.lose {
		return n, err
	}
	c.Close()
	return 0, net.ErrClosed
}

// TestLostEndOfATransaction loses the request that ends a transaction, or the
// answer to it, with a client that repeats it and with one that does not. The
// client that does not cannot know what became of the transaction: if only
// the answer was lost it is committed, and must not be processed again (R7).
func TestLostEndOfATransaction(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		for _, inFlight := range []int{1, 2} {
			for _, after := range []bool{false, true} {
				for _, repeats := range []bool{false, true} {
					t.Run(fmt.Sprintf("%d/answered=%t/repeats=%t", inFlight, after, repeats), func(t *testing.T) {
						t.Parallel()
						r := newRig(t, b, 2)
						r.feed(1500)
						c := &cutter{key: kmsg.EndTxn, after: after, every: 7}
						if repeats {
							c.every = 15 // each costs the client's pause of 0.3 s
						}
						w := r.watchRestores()
						cfg := w.on(r.config())
						cfg.State, cfg.InFlight = keep(t, state.Memory()), inFlight
						cfg.Client = append(cfg.Client, c.option())
						if !repeats {
							cfg.Client = append(cfg.Client, kgo.RequestRetries(0))
						}
						inst := r.start(cfg)
						r.settled()
						if err := inst.stop(); err != nil {
							t.Errorf("Run: %v", err)
						}
						r.check()
						totals := inst.Totals()
						if c.cuts.Load() < 2 {
							t.Errorf("the connection was lost only %d times", c.cuts.Load())
						}
						if (after || repeats) && totals.Aborts > 0 {
							t.Errorf("transactions that the broker had committed were taken for aborted: %+v", totals)
						}
						if !after && !repeats && totals.Aborts == 0 {
							t.Errorf("no transaction was aborted: %+v", totals)
						}
					})
				}
			}
		}
	})
}
