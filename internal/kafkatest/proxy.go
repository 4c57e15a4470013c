package kafkatest

import (
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Proxy is a TCP proxy between clients and one broker, to take the network away
// or make it slow without touching the broker.
//
// A broker tells its clients its own address, so a client uses the proxy as its
// dialer (Option), whatever address it wants to reach. That fits the single
// node of this package, without TLS.
type Proxy struct {
	// Addr is where the proxy listens, for clients in another process.
	Addr string

	broker   string
	listener net.Listener
	wg       sync.WaitGroup // of all goroutines of the proxy

	mu       sync.Mutex // guards what follows
	cut      bool
	conns    map[net.Conn]struct{}
	toBroker time.Duration
	toClient time.Duration
	produce  time.Duration
	random   *rand.Rand
}

// NewProxy starts a proxy to the broker at addr. It ends with t.
func NewProxy(t testing.TB, addr string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("kafkatest: proxy: %v", err)
	}
	p := &Proxy{Addr: l.Addr().String(), broker: addr, listener: l, conns: make(map[net.Conn]struct{})}
	p.wg.Add(1)
	go p.serve()
	t.Cleanup(func() {
		l.Close()
		p.Cut()
		p.wg.Wait()
	})
	return p
}

// Option makes a client connect through the proxy.
func (p *Proxy) Option() kgo.Opt {
	return kgo.Dialer(func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, p.Addr)
	})
}

// Cut closes all connections and, until Restore, every new one at once. What
// was on its way is lost: a request may or may not have reached the broker.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	for c := range p.conns {
		c.Close()
	}
}

// Restore ends a Cut.
func (p *Proxy) Restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = false
}

// Delay holds back what passes from now on, per direction, like a longer wire:
// order is kept and later bytes do not wait for the earlier ones' delay.
func (p *Proxy) Delay(toBroker, toClient time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.toBroker, p.toClient = toBroker, toClient
}

// DelayProduce holds back every Produce request for a random time below limit,
// so that requests of different clients overtake each other. The seed makes the
// sequence of delays repeatable. Zero ends it.
func (p *Proxy) DelayProduce(limit time.Duration, seed uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.produce, p.random = limit, rand.New(rand.NewPCG(seed, 0))
}

func (p *Proxy) serve() {
	defer p.wg.Done()
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		broker, err := net.Dial("tcp", p.broker)
		if err != nil {
			client.Close() // the broker is away
			continue
		}
		if !p.add(client, broker) {
			client.Close()
			broker.Close()
			continue
		}
		var both sync.WaitGroup
		both.Go(func() { p.pump(client, broker, p.readRequest) })
		both.Go(func() { p.pump(broker, client, p.readBytes) })
		p.wg.Go(func() {
			both.Wait()
			p.remove(client, broker)
		})
	}
}

func (p *Proxy) add(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut {
		return false
	}
	for _, c := range conns {
		p.conns[c] = struct{}{}
	}
	return true
}

func (p *Proxy) remove(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		delete(p.conns, c)
	}
}

// chunk is a piece of a stream and when it may go on.
type chunk struct {
	data []byte
	due  time.Time
}

// pump moves one direction of a connection. Reading and writing are apart, so
// that a delayed chunk does not hold up reading the next one.
func (p *Proxy) pump(from, to net.Conn, read func(io.Reader) (chunk, error)) {
	queue := make(chan chunk, 1024)
	var writer sync.WaitGroup
	writer.Go(func() {
		defer from.Close()
		for c := range queue {
			time.Sleep(time.Until(c.due))
			if _, err := to.Write(c.data); err != nil {
				break
			}
		}
		for range queue { // let the reader come to its end
		}
	})
	for {
		c, err := read(from)
		if err != nil {
			break
		}
		queue <- c
	}
	close(queue)
	writer.Wait()
	to.Close()
}

// readRequest reads one whole request: four bytes of length, then two that
// name its kind.
func (p *Proxy) readRequest(r io.Reader) (chunk, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return chunk{}, err
	}
	n := binary.BigEndian.Uint32(size[:])
	data := make([]byte, 4+int(n))
	copy(data, size[:])
	if _, err := io.ReadFull(r, data[4:]); err != nil {
		return chunk{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delay := p.toBroker
	if n >= 2 && p.produce > 0 && kmsg.Key(binary.BigEndian.Uint16(data[4:])) == kmsg.Produce {
		delay += time.Duration(p.random.Int64N(int64(p.produce)))
	}
	return chunk{data, time.Now().Add(delay)}, nil
}

func (p *Proxy) readBytes(r io.Reader) (chunk, error) {
	data := make([]byte, 32<<10)
	n, err := r.Read(data)
	if n == 0 {
		return chunk{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return chunk{data[:n], time.Now().Add(p.toClient)}, nil
}
