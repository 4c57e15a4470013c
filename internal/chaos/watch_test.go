package chaos

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

// watcher reads the committed output as it comes and measures the pauses.
type watcher struct {
	cl     *kgo.Client
	cancel context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex // guards the fields below
	last    map[int32]time.Time
	lastAny time.Time
	pauses  pauses
	records int
}

// pauses are the longest times without a new record.
type pauses struct {
	all time.Duration // of the topic
	one time.Duration // of any of its partitions
	// slowest is the longest time between the writing of an input record and
	// the arrival of a count that it made.
	slowest time.Duration
}

func watch(t *testing.T, b *kafkatest.Broker, topic string) *watcher {
	t.Helper()
	w := &watcher{
		cl: b.Client(t, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
			kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxWait(100*time.Millisecond)),
		done: make(chan struct{}), last: make(map[int32]time.Time),
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	t.Cleanup(w.stop)
	go func() {
		defer close(w.done)
		for ctx.Err() == nil {
			w.note(w.cl.PollFetches(ctx))
		}
	}()
	return w
}

func (w *watcher) note(fetches kgo.Fetches) {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if len(p.Records) == 0 {
			return
		}
		if last, ok := w.last[p.Partition]; ok {
			w.pauses.one = max(w.pauses.one, now.Sub(last))
			w.pauses.all = max(w.pauses.all, now.Sub(w.lastAny))
		}
		for _, r := range p.Records {
			w.pauses.slowest = max(w.pauses.slowest, now.Sub(r.Timestamp))
		}
		w.last[p.Partition], w.lastAny = now, now
		w.records += len(p.Records)
	})
}

// partitions returns how many partitions have had a record.
func (w *watcher) partitions() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.last)
}

// restart forgets the pauses so far.
func (w *watcher) restart() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pauses = pauses{}
}

// seen returns how many records came, and the pauses between them.
func (w *watcher) seen() (int, pauses) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.records, w.pauses
}

func (w *watcher) stop() {
	w.cancel()
	<-w.done
}
