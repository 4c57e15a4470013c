package changelog

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/semaphore"

	"github.com/millrace-io/millrace/state"
)

// Options are the settings of a Restorer.
type Options struct {
	// Memory bounds what is fetched and not yet loaded, over all restores; a
	// single record may exceed it. A restore that goes on needs an eighth of
	// it, and three times ChunkBytes. Defaults to 128 MiB.
	Memory int64
	// ChunkBytes is how much of one partition is fetched at a time. Defaults to
	// 1 MiB.
	ChunkBytes int32
	// StuckAfter is how long an open transaction may hold up a restore until
	// it is reported. Defaults to 20 s: the transaction time-out plus the
	// broker's interval of looking for such transactions.
	StuckAfter time.Duration
	// Logger gets starts, ends and troubles. nil is silent.
	Logger *slog.Logger
	// OnStart and OnEnd are called by the goroutine that restores. err is that
	// of Restore. Either may be nil.
	OnStart func(Request, Result)
	OnEnd   func(Request, Result, error)
	// OnStuck is called after each StuckAfter in which a restore could not go
	// on because of an open transaction. nil only logs.
	OnStuck func(Request, Stuck)
}

func (o Options) withDefaults() Options {
	if o.ChunkBytes <= 0 {
		o.ChunkBytes = 1 << 20
	}
	if o.Memory <= 0 {
		o.Memory = 128 << 20
	}
	o.Memory = max(o.Memory, 3*int64(o.ChunkBytes))
	if o.StuckAfter <= 0 {
		o.StuckAfter = 20 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Request is a store to restore and the changelog partition to do it from.
type Request struct {
	Store state.Store
	ID    state.ID
	Topic string
	// TopicID is the topic's id, as Ensure tells it.
	TopicID   [16]byte
	Partition int32
	Format    state.Format
	// Retention is how long the windows of the store live. What has expired is
	// not restored. Defaults to for ever.
	Retention time.Duration
	// Keep has nothing expire: windows live by a time that the changelog does
	// not tell.
	Keep bool
	// DeleteRetention is the topic's delete.retention.ms. A store last
	// current longer ago than half of it is dropped. Defaults to 24 h.
	DeleteRetention time.Duration
	// Progress, if not nil, shows how far the restore is.
	Progress *Progress
}

// Restorer brings stores up to date with their changelogs. All its restores
// share a bound on memory and send their fetches together.
type Restorer struct {
	opts    Options
	fetcher *fetcher
	memory  *semaphore.Weighted
	// decoding has a place for each restore that may hold decoded records.
	decoding chan struct{}
	runs     sync.Pool // of *run
}

// NewRestorer returns a Restorer over a client, which it uses for requests
// only: the client needs no group and no topics.
func NewRestorer(cl *kgo.Client, o Options) *Restorer {
	o = o.withDefaults()
	return &Restorer{
		opts:     o,
		fetcher:  newFetcher(cl),
		memory:   semaphore.NewWeighted(o.Memory),
		decoding: make(chan struct{}, max(2, runtime.GOMAXPROCS(0))),
		runs:     sync.Pool{New: func() any { return new(run) }},
	}
}

// Close ends all restores with an error and waits for the requests under way.
// The client stays open.
func (r *Restorer) Close() { r.fetcher.close() }

// Restore brings a store to the high watermark that its changelog partition
// has now, and returns when it is there. It waits for transactions that are
// open below the watermark, and for brokers that are away, until ctx ends. The
// store must not be used meanwhile. After an error the store holds some
// earlier state and the position that goes with it. Many goroutines may
// restore at once, each another store.
func (r *Restorer) Restore(ctx context.Context, q Request) (Result, error) {
	if q.Progress == nil {
		q.Progress = new(Progress)
	}
	if q.DeleteRetention <= 0 {
		q.DeleteRetention = defaultDeleteRetention
	}
	s := restore{Restorer: r, Request: q, log: r.opts.Logger.With(
		"store", q.ID.Name, "topic", q.Topic, "partition", q.Partition)}
	began := time.Now()
	err := s.restore(ctx)
	res := q.Progress.Now()
	s.log.Info("restore ends", "records", res.Records, "position", res.Position, "dropped", res.Dropped.String(), "took", time.Since(began), "err", err)
	if err != nil {
		err = fmt.Errorf("restore store %s from %s partition %d: %w", q.ID.Name, q.Topic, q.Partition, err)
	}
	if r.opts.OnEnd != nil {
		r.opts.OnEnd(q, res, err)
	}
	return res, err
}
