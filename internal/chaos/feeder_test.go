package chaos

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

const (
	vocabulary = 5000
	feedStep   = 20 * time.Millisecond
)

// feeder writes lines of one to five words to a topic at an even pace, with
// random keys. Words are as unevenly distributed as those of a language.
type feeder struct {
	cl    *kgo.Client
	topic string
	rnd   *rand.Rand
	zipf  *rand.Zipf

	words  int // written so far; the goroutine's until stop has returned
	lines  int
	cancel context.CancelFunc
	done   chan struct{}
	acked  atomic.Int64 // lines
	mu     sync.Mutex   // guards failed
	failed error        // the first line that was not acknowledged
}

// feed starts to write n words, spread evenly over a time. The feeder goes on
// at the same pace until it is stopped, so that the work never ends before the
// strokes do.
func feed(t *testing.T, b *kafkatest.Broker, topic string, rnd *rand.Rand, n int, over time.Duration) *feeder {
	t.Helper()
	f := &feeder{
		cl:    b.Client(t, kgo.ProducerLinger(5*time.Millisecond), kgo.MaxBufferedRecords(1<<20)),
		topic: topic, rnd: rnd, zipf: rand.NewZipf(rnd, 1.1, 3, vocabulary-1), done: make(chan struct{}),
	}
	ctx, cancel := context.WithCancel(context.Background())
	f.cancel = cancel
	t.Cleanup(f.stop)
	go f.run(ctx, float64(n)/over.Seconds())
	return f
}

func (f *feeder) run(ctx context.Context, perSecond float64) {
	defer close(f.done)
	tick := time.NewTicker(feedStep)
	defer tick.Stop()
	for start := time.Now(); ctx.Err() == nil; {
		for due := int(perSecond * time.Since(start).Seconds()); f.words < due; {
			f.line()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

func (f *feeder) line() {
	words := make([]string, 1+f.rnd.IntN(5))
	for i := range words {
		words[i] = fmt.Sprintf("w%d", f.zipf.Uint64())
	}
	f.words += len(words)
	f.lines++
	r := kgo.KeyStringRecord(fmt.Sprintf("%x", f.rnd.Uint64()), strings.Join(words, " "))
	r.Topic = f.topic
	f.cl.Produce(context.Background(), r, func(_ *kgo.Record, err error) {
		if err == nil {
			f.acked.Add(1)
			return
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.failed = cmp.Or(f.failed, err)
	})
}

// stop ends the feeding. It may be called more than once.
func (f *feeder) stop() {
	f.cancel()
	<-f.done
}

// flush waits until every line is acknowledged.
func (f *feeder) flush(ctx context.Context) error {
	f.stop()
	if err := f.cl.Flush(ctx); err != nil {
		return fmt.Errorf("flush the input: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed
}
