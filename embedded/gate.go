package embedded

import (
	"context"
	"errors"
	"net"
	"sync"
)

// gate is the listener that kfake accepts from. It listens from the start, so
// that the port is ours, but lets clients in only once opened: until then they
// wait in the kernel's queue while logs are compacted. Our own client does not
// pass through the network at all.
type gate struct {
	net.Listener
	addr  advertised
	conns chan net.Conn
	done  chan struct{}
	wg    sync.WaitGroup // of the accepting goroutine

	mu     sync.Mutex // guards what follows
	closed bool
	live   map[*gateConn]struct{}
}

// advertised is the address that clients are told.
type advertised string

func (advertised) Network() string  { return "tcp" }
func (a advertised) String() string { return string(a) }

func newGate(l net.Listener, host string) (*gate, error) {
	listening, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return nil, err
	}
	if host == "" {
		host = listening
	}
	return &gate{
		Listener: l,
		addr:     advertised(net.JoinHostPort(host, port)),
		conns:    make(chan net.Conn),
		done:     make(chan struct{}),
		live:     make(map[*gateConn]struct{}),
	}, nil
}

func (g *gate) Addr() net.Addr { return g.addr }

// open lets clients in.
func (g *gate) open() {
	g.wg.Go(func() {
		for {
			c, err := g.Listener.Accept()
			if err != nil || g.admit(c) != nil {
				return
			}
		}
	})
}

var errGateClosed = errors.New("the embedded broker is closed")

// admit hands a connection to kfake.
func (g *gate) admit(c net.Conn) error {
	conn := &gateConn{Conn: c, gate: g}
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		c.Close()
		return errGateClosed
	}
	g.live[conn] = struct{}{}
	g.mu.Unlock()
	select {
	case g.conns <- conn:
		return nil
	case <-g.done:
		conn.Close()
		return errGateClosed
	}
}

// dial connects our own client.
func (g *gate) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	if err := g.admit(theirs); err != nil {
		ours.Close()
		return nil, err
	}
	return ours, nil
}

// Accept is called by kfake.
func (g *gate) Accept() (net.Conn, error) {
	select {
	case c := <-g.conns:
		return c, nil
	case <-g.done:
		return nil, errGateClosed
	}
}

// Close ends all connections. What was not answered yet never will be.
func (g *gate) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil
	}
	g.closed = true
	close(g.done)
	for c := range g.live {
		c.Conn.Close()
	}
	return g.Listener.Close()
}

// gateConn forgets itself when closed.
type gateConn struct {
	net.Conn
	gate *gate
}

func (c *gateConn) Close() error {
	c.gate.mu.Lock()
	delete(c.gate.live, c)
	c.gate.mu.Unlock()
	return c.Conn.Close()
}
