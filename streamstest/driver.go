package streamstest

import (
	"crypto/rand"
	"errors"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/topology"
)

// Driver runs one topology on topics of its own. It is synchronous: when a
// method returns, all that could be processed has been. Use it from one
// goroutine.
type Driver struct {
	tb     TB
	cfg    Config
	graph  *graph.Graph
	layout *graph.Layout
	id     [16]byte // of all topics: no state on disk was made from them before

	topics    map[string]*topic
	instances []*instance
	ready     []*running // tasks that may have something to do
	turns     int        // how many of those had their turn
	behind    bool       // there is a new record for a global table
	nowMs     int64
	seq       uint64 // of the last commit
	scratch   []graph.Input
	keys      []byte // of changelog records; scratch

	crash  crash
	aborts int // how many of the next commits fail
	counts counts
	failed error
	tries  int // calls of Try under way
	closed bool
}

// New starts the topology that b describes. A topology or Config that cannot
// work fails the test.
//
// A nil tb makes failures panics, for programs and Example functions.
func New(tb TB, b *topology.Builder, cfg Config) *Driver {
	if tb == nil {
		tb = panicking{}
	}
	tb.Helper()
	cfg = cfg.withDefaults()
	d := &Driver{
		tb: tb, cfg: cfg, nowMs: cfg.Start.UnixMilli(),
		topics: map[string]*topic{}, counts: counts{drops: map[drop]uint64{}, metrics: map[string]uint64{}, restored: map[string]uint64{}},
	}
	_, _ = rand.Read(d.id[:]) // never fails
	g, err := b.Build()
	if err = errors.Join(cfg.validate(), err); err == nil {
		d.graph = g
		err = d.layOut()
	}
	if err != nil {
		tb.Fatalf("streamstest: %v", err)
	}
	if c, ok := tb.(interface{ Cleanup(func()) }); ok {
		c.Cleanup(d.Close)
	}
	d.start(cfg.Instances)
	d.settle()
	d.report()
	return d
}

// Now is what the wall clock shows.
func (d *Driver) Now() time.Time { return time.UnixMilli(d.nowMs).UTC() }

// Close stops the application without a commit. It is called at the end of a
// test by itself; closing twice does nothing.
func (d *Driver) Close() {
	if d.closed {
		return
	}
	d.closed = true
	d.tb.Helper()
	if err := d.stop(d.instances); err != nil && d.failed == nil {
		d.tb.Fatalf("streamstest: close: %v", err)
	}
}

// Try runs fn, in which failures of the application do not fail the test, and
// returns the first one: an error that no policy settled, which would end
// App.Run. The Driver then does nothing more until Restart.
func (d *Driver) Try(fn func()) error {
	d.tries++
	defer func() { d.tries-- }()
	fn()
	return d.failed
}

// fail notes that the application has ended with an error.
func (d *Driver) fail(err error) {
	if d.failed == nil {
		d.failed = err
	}
	d.ready, d.turns = nil, 0
}

// report fails the test if the application has ended with an error.
func (d *Driver) report() {
	if d.failed != nil && d.tries == 0 {
		d.tb.Helper()
		d.tb.Fatalf("streamstest: %v", d.failed)
	}
}
