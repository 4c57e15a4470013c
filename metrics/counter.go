package metrics

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Counter counts events, records or bytes. It is safe for concurrent use.
type Counter struct{ n atomic.Int64 }

// Inc adds one.
func (c *Counter) Inc() { c.n.Add(1) }

// Add adds n, which must not be negative.
func (c *Counter) Add(n int64) { c.n.Add(n) }

// Load returns the sum so far.
func (c *Counter) Load() int64 { return c.n.Load() }

func (c *Counter) value() float64 { return float64(c.n.Load()) }

// Seconds sums up time. It is safe for concurrent use.
type Seconds struct{ ns atomic.Int64 }

// Add adds d, which must not be negative.
func (s *Seconds) Add(d time.Duration) { s.ns.Add(int64(d)) }

// Load returns the sum so far.
func (s *Seconds) Load() time.Duration { return time.Duration(s.ns.Load()) }

func (s *Seconds) value() float64 { return time.Duration(s.ns.Load()).Seconds() }

// Timestamp keeps when something last happened. It is safe for concurrent use.
type Timestamp struct{ ms atomic.Int64 }

// Set sets it to t, unless it has a later time already: workers report on
// their own and may overtake each other.
func (s *Timestamp) Set(t time.Time) {
	ms := t.UnixMilli()
	for {
		old := s.ms.Load()
		if ms <= old || s.ms.CompareAndSwap(old, ms) {
			return
		}
	}
}

// value is in seconds since the Unix epoch, 0 if nothing has happened yet.
func (s *Timestamp) value() float64 { return float64(s.ms.Load()) / 1000 }

// Histogram counts durations in buckets. It is safe for concurrent use. The
// zero value counts nothing. It costs many times what a Counter does, besides
// two looks at the clock, so what happens per record is measured only once in
// SampleEvery times.
type Histogram struct{ o prometheus.Observer }

// SampleEvery says how often durations of single records are measured: one of
// this many.
const SampleEvery = 64

// Observe counts one duration.
func (h Histogram) Observe(d time.Duration) {
	if h.o != nil {
		h.o.Observe(d.Seconds())
	}
}
