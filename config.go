package millrace

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"runtime"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
)

// Guarantee is how often the effects of an input record show.
type Guarantee uint8

const (
	// ExactlyOnce commits offsets, outputs and state changes in one Kafka
	// transaction (KIP-129, KIP-447). Readers of the outputs must read
	// committed records only.
	ExactlyOnce Guarantee = iota
	// AtLeastOnce uses no transactions: outputs are visible when the broker has
	// them, and after a failure some are written again. An instance that was
	// frozen and expelled may overwrite newer state when it wakes.
	AtLeastOnce
)

// String returns "exactly_once" or "at_least_once".
func (g Guarantee) String() string {
	if g == AtLeastOnce {
		return "at_least_once"
	}
	return "exactly_once"
}

// Config is what an App needs beside its topology. AppID and Brokers (or
// Client with seed brokers) must be set; everything else has a default.
type Config struct {
	// AppID names the application: its consumer group, and the prefix of its
	// internal topics and transactional ids. All instances share it.
	AppID string
	// Brokers are addresses to start from, host:port.
	Brokers []string
	// Client are options for every Kafka client, for TLS and SASL above all.
	// Those that Millrace sets itself (group, transactions, balancer,
	// isolation, offsets, callbacks) are refused. Defaults to none.
	Client []kgo.Opt

	// State keeps the stores: lsm.Dir for a folder. Defaults to memory: after
	// a restart everything is restored from the changelogs.
	State state.Backend
	// StateRetention is how long the state of tasks that moved to other
	// instances is kept. Defaults to 12 h.
	StateRetention time.Duration

	// Guarantee defaults to ExactlyOnce.
	Guarantee Guarantee
	// CommitInterval is the time between commits, and so how long output
	// records wait until they are written and become visible. Under ExactlyOnce
	// a transaction of less than 1/128 of Memory.Outbox also waits for the end of
	// the one before, so that a short interval asks no more of the broker than it
	// can do. Defaults to 100 ms.
	CommitInterval time.Duration
	// Workers is the number of goroutines that process tasks, each with
	// transactions of its own: where one suffices for the rate, latency is lowest.
	// Defaults to the number of processors that Go uses.
	Workers int

	// InstanceID tells this instance from others of the application, and
	// must stay the same when it restarts. Defaults to a random one that is
	// kept in the state folder.
	InstanceID string
	// SessionTimeout is how long an instance may be silent until the group
	// gives its tasks to others. Brokers refuse less than 6 s by default.
	// Defaults to 10 s.
	SessionTimeout time.Duration
	// RebalanceTimeout is how long members have to give up tasks in a
	// rebalance. Defaults to 60 s.
	RebalanceTimeout time.Duration
	// TransactionTimeout is after how long brokers abort the transaction of an
	// instance that vanished. Defaults to SessionTimeout.
	TransactionTimeout time.Duration
	// ShutdownTimeout is how long Run tries to commit when it is to stop; after
	// that it aborts. Defaults to 30 s.
	ShutdownTimeout time.Duration

	// Memory bounds what the instance keeps in memory. Defaults to what its
	// fields say.
	Memory Memory
	// ReplicationFactor is that of internal topics that are made. Defaults to
	// the brokers' default.
	ReplicationFactor int16

	// Errors are the policies for records that fail. Defaults to failing: Run
	// returns the error.
	Errors processor.Policies
	// Observer is told what happens. Defaults to nothing.
	Observer processor.Observer
	// Logger gets what operators should know; never keys or values of records.
	// Defaults to no logging.
	Logger *slog.Logger
	// Registerer gets the metrics, with a label app. Defaults to none.
	Registerer prometheus.Registerer
}

// Memory are the budgets of one instance, in bytes.
type Memory struct {
	// Queues is for records that are fetched and not yet processed. A
	// sixteenth of it, up to 50 MiB, is the most that a broker is asked for at a
	// time, and half of that of each partition, unless Client says otherwise
	// (kgo.FetchMaxBytes, kgo.FetchMaxPartitionBytes): more is faster where
	// brokers are far away. Defaults to 16 MiB.
	Queues int64
	// Entries is for the entries of stores: changes that the stores do not have
	// yet, and a cache of others, which has half of it whatever the former take.
	// Defaults to 64 MiB.
	Entries int64
	// Outbox is for records that wait to be written, those of changelogs too: their
	// keys and values, and some 50 bytes for each. A third of it, divided by Workers,
	// is when a transaction ends before its interval does: larger ones are cheaper
	// for brokers. Its 128th part is what each worker sends before it waits for
	// acknowledgements: more is faster where brokers are far away. Defaults to 64 MiB.
	Outbox int64
	// BlockCache and Memtables are those of stores on disk. Default to 64 MiB
	// each.
	BlockCache, Memtables int64
}

// Total is the sum of all budgets.
func (m Memory) Total() int64 { return m.Queues + m.Entries + m.Outbox + m.BlockCache + m.Memtables }

const mib = 1 << 20

func (c Config) withDefaults() Config {
	c.CommitInterval = or(c.CommitInterval, 100*time.Millisecond)
	c.StateRetention = or(c.StateRetention, 12*time.Hour)
	c.Workers = or(c.Workers, runtime.GOMAXPROCS(0))
	c.SessionTimeout = or(c.SessionTimeout, 10*time.Second)
	c.RebalanceTimeout = or(c.RebalanceTimeout, time.Minute)
	c.TransactionTimeout = or(c.TransactionTimeout, c.SessionTimeout)
	c.ShutdownTimeout = or(c.ShutdownTimeout, 30*time.Second)
	c.ReplicationFactor = or(c.ReplicationFactor, -1)
	c.Memory.Queues = or(c.Memory.Queues, 16*mib)
	c.Memory.Entries = or(c.Memory.Entries, 64*mib)
	c.Memory.Outbox = or(c.Memory.Outbox, 64*mib)
	c.Memory.BlockCache = or(c.Memory.BlockCache, 64*mib)
	c.Memory.Memtables = or(c.Memory.Memtables, 64*mib)
	if c.State == nil {
		c.State = state.Memory()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// legalID is what Kafka allows in names of topics, which ids become part of.
var legalID = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,150}$`)

// ownedOptions are the client options that the runtime sets itself.
var ownedOptions = []any{
	kgo.ConsumerGroup, kgo.ConsumeTopics, kgo.ConsumePartitions, kgo.ConsumeRegex, kgo.ConsumeResetOffset,
	kgo.Balancers, kgo.DisableAutoCommit, kgo.AutoCommitMarks, kgo.GreedyAutoCommit, kgo.BlockRebalanceOnPoll,
	kgo.SessionTimeout, kgo.RebalanceTimeout, kgo.HeartbeatInterval, kgo.InstanceID,
	kgo.FetchIsolationLevel, kgo.KeepControlRecords, kgo.AdjustFetchOffsetsFn,
	kgo.OnPartitionsAssigned, kgo.OnPartitionsRevoked, kgo.OnPartitionsLost,
	kgo.TransactionalID, kgo.TransactionTimeout, kgo.RecordPartitioner, kgo.RequiredAcks,
	kgo.DisableIdempotentWrite, kgo.DefaultProduceTopic, kgo.ManualFlushing, kgo.MaxVersions,
}

// validate returns all that is wrong, joined.
func (c *Config) validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("config: "+format, args...)) }
	if !legalID.MatchString(c.AppID) {
		bad("AppID %q: 1 to 150 letters, digits, '.', '_' and '-' are needed, since topics are named after it", c.AppID)
	}
	if c.InstanceID != "" && !legalID.MatchString(c.InstanceID) {
		bad("InstanceID %q: 1 to 150 letters, digits, '.', '_' and '-' are needed", c.InstanceID)
	}
	if c.ReplicationFactor < -1 {
		bad("ReplicationFactor %d: give a positive number, or 0 for the brokers' default", c.ReplicationFactor)
	}
	if c.Guarantee > AtLeastOnce {
		bad("Guarantee %d is unknown", c.Guarantee)
	}
	if c.Workers < 1 {
		bad("Workers must be at least 1")
	}
	for name, d := range map[string]time.Duration{
		"CommitInterval": c.CommitInterval, "SessionTimeout": c.SessionTimeout, "RebalanceTimeout": c.RebalanceTimeout,
		"TransactionTimeout": c.TransactionTimeout, "ShutdownTimeout": c.ShutdownTimeout, "StateRetention": c.StateRetention,
	} {
		if d < 0 {
			bad("%s must not be negative", name)
		}
	}
	if c.Guarantee == ExactlyOnce && c.CommitInterval >= c.TransactionTimeout {
		bad("CommitInterval %s must be shorter than TransactionTimeout %s, or brokers abort transactions before they are committed", c.CommitInterval, c.TransactionTimeout)
	}
	for name, n := range map[string]int64{
		"Queues": c.Memory.Queues, "Entries": c.Memory.Entries, "Outbox": c.Memory.Outbox,
		"BlockCache": c.Memory.BlockCache, "Memtables": c.Memory.Memtables,
	} {
		if n < mib {
			bad("Memory.%s must be at least 1 MiB", name)
		}
	}
	errs = append(errs, c.checkClient())
	slices.SortFunc(errs, func(a, b error) int { return compareText(a, b) })
	return errors.Join(errs...)
}

// client are the options for every Kafka client.
func (c *Config) client() []kgo.Opt {
	if len(c.Brokers) == 0 {
		return c.Client
	}
	return append([]kgo.Opt{kgo.SeedBrokers(c.Brokers...)}, c.Client...)
}

// checkClient refuses options that would break what the runtime relies on.
func (c *Config) checkClient() error {
	given, err := kgo.NewClient(c.client()...)
	if err != nil {
		return fmt.Errorf("config: Brokers or Client: %w", err)
	}
	defer given.Close()
	plain, err := kgo.NewClient()
	if err != nil {
		return err
	}
	defer plain.Close()
	var errs []error
	// Without an address the client would take the one of its own machine.
	if seeds, _ := given.OptValue(kgo.SeedBrokers).([]string); slices.Contains(seeds, "") || sameOption([]any{seeds}, plain.OptValues(kgo.SeedBrokers)) {
		errs = append(errs, errors.New("config: Brokers is empty: give at least one address, host:port"))
	}
	for _, opt := range ownedOptions {
		if !sameOption(given.OptValues(opt), plain.OptValues(opt)) {
			errs = append(errs, fmt.Errorf("config: Client sets %s, which Millrace sets itself; use the field of Config for it, if there is one", optionName(opt)))
		}
	}
	return errors.Join(errs...)
}

// hostname is shown to the other members of the group.
func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}
