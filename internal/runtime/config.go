package runtime

import (
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/metrics"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
)

// Config is everything an Instance needs. The root package fills it in; no
// field has a default here.
type Config struct {
	App        string
	InstanceID string // "" for the stored or a random one
	Host       string // for logs and the roster of the group
	Client     []kgo.Opt
	Graph      *graph.Graph
	State      state.Backend

	Workers     int
	InFlight    int // transactions open at once per worker, 1 or 2
	ExactlyOnce bool
	// Batch is how many records of a task are processed before its worker looks
	// at the clock and its mailbox again.
	Batch int

	CommitInterval     time.Duration
	ApplyInterval      time.Duration // see worker.maybeApply; defaults to 2 s
	SessionTimeout     time.Duration
	RebalanceTimeout   time.Duration
	TransactionTimeout time.Duration
	ShutdownTimeout    time.Duration
	StateRetention     time.Duration

	QueueBytes    int64 // records fetched and not yet processed
	EntryBytes    int64 // uncommitted and cached entries of stores
	OutboxBytes   int64 // records waiting for their transaction
	ParcelBytes   int   // those of a transaction that a client holds at a time
	CacheBytes    int64 // block cache of stores on disk
	MemtableBytes int64 // memtables of stores on disk

	// ReplicationFactor of internal topics, -1 for the broker's default.
	ReplicationFactor int16

	Policies processor.Policies
	Recorder *metrics.Recorder
	Logger   *slog.Logger
	Observer processor.Observer

	// Housekeeping is the interval of what need not be done at once: purging
	// repartition topics, following the growth of inputs.
	Housekeeping time.Duration

	// Bounded is a run that ends by itself: no wall-clock punctuation.
	Bounded bool

	// Fault is asked at each Point of a commit, in tests; nil otherwise. An
	// error that it returns is taken as the failure of that step.
	Fault func(p Point, seq uint64) error
}

// Point is a step of a commit at which tests inject faults.
type Point string

// The steps of a transaction, in order.
const (
	PointFrozen  Point = "frozen"  // batches and outputs are bytes, nothing is sent
	PointBegun   Point = "begun"   // the client is in a transaction
	PointSent    Point = "sent"    // all records are handed to the client
	PointFlushed Point = "flushed" // all records are acknowledged
	PointOffsets Point = "offsets" // the offsets are part of the transaction
	PointEnded   Point = "ended"   // the broker has answered the end
	PointApplied Point = "applied" // the batches are in the stores
)

// Points lists all of them in order.
var Points = []Point{PointFrozen, PointBegun, PointSent, PointFlushed, PointOffsets, PointEnded, PointApplied}

func (c *Config) fault(p Point, seq uint64) error {
	if c.Fault == nil {
		return nil
	}
	return c.Fault(p, seq)
}
