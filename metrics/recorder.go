package metrics

import (
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// Info is what a Recorder knows of its application: everything that becomes a
// label value. Names are full names of topics and names of stores.
type Info struct {
	App       string // application id, the label app; required by Register
	Guarantee string // for example "exactly_once"
	// TopologyHash identifies the topology.
	TopologyHash string
	// Version of Millrace. Defaults to that in the program's build information.
	Version string
	// Subtopologies is their number; ids go from 0.
	Subtopologies int
	// Sources are the topics, internal ones too, that the topology reads. For a
	// pattern it is the pattern's text: topics that a broker has must not
	// become label values.
	Sources []string
	// Sinks are the topics, internal ones too, that the topology writes.
	Sinks []string
	// Stores are the names of all stores.
	Stores []string
	// Globals are the names of the global tables. Their topics are among
	// Sources.
	Globals []string
}

// Recorder holds the counters of one application instance. All its methods and
// fields may be used from many goroutines. It is a prometheus.Collector.
type Recorder struct {
	// WorkerFailures are workers that ended by an error: Fenced for those whose
	// transactional id another process took over.
	WorkerFailures struct{ Error, Panic, Fenced Counter }
	// WorkerTime is the time of the workers. Blocked is waiting for a slower
	// part: an earlier transaction, or a budget.
	WorkerTime struct{ Poll, Process, Punctuate, Commit, Restore, Blocked Seconds }

	// Rebalances count once each: Lost if the tasks were lost rather than
	// handed over, Failed if the group could not be joined.
	Rebalances    struct{ OK, Lost, Failed Counter }
	RebalanceTime struct{ Revoke, Assign, Lost, Join Histogram }
	LastRebalance Timestamp
	Tasks         struct{ Created, Closed, Failed Counter }
	Backpressure  struct{ BufferFull, ProducerFull, StoreStall Seconds }

	Punctuations  struct{ StreamTime, WallClock Counter }
	PunctuateTime struct{ StreamTime, WallClock Histogram }

	Commits    struct{ OK, Aborted, Fenced, Timeout Counter }
	CommitTime struct{ Flush, Changelog, Offsets, EndTxn Histogram }
	LastCommit Timestamp

	// Client sums up over all Kafka clients of the instance. Throttle is the
	// time that brokers asked to wait; sizes are those of batches of records.
	Client struct {
		Connects       struct{ OK, Error Counter }
		Disconnects    Counter
		WrittenBytes   Counter
		ReadBytes      Counter
		Errors         struct{ Write, Read, Group Counter }
		RequestTime    Histogram
		Throttle       Seconds
		Produce, Fetch struct{ Batches, CompressedBytes, UncompressedBytes Counter }
	}

	transactionTime    Histogram
	transactionRecords prometheus.Observer

	errors  [len(stages)][len(actions)]Counter
	retries [len(stages)]Counter

	info          Info
	subtopologies []Subtopology
	topics        map[string]*Topic
	stores        map[string]*Store

	histograms []*prometheus.HistogramVec
	live       atomic.Pointer[func(*Live)]

	mu         sync.Mutex // guards what follows
	series     []series
	other      *Topic // for topics that Info does not know, made when needed
	unregister []func()
}
