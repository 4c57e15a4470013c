package changelog

import (
	"bytes"
	"context"
	"errors"
	"math"
	"sync"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// fetchWaitMillis is how long a broker holds a fetch that finds nothing.
const fetchWaitMillis = 100

var (
	errClosed   = errors.New("restorer is closed")
	errNoAnswer = errors.New("the broker left the partition out of its answer")
)

// partition is one partition of one incarnation of a topic.
type partition struct {
	topic string
	id    [16]byte
	num   int32
}

// fetcher sends the fetches of many partitions. A broker answers the requests
// of a connection one after the other, and holds those that find nothing; so
// there is one request at a time per broker, and it carries all partitions
// that want something of that broker by then.
type fetcher struct {
	cl   *kgo.Client
	ctx  context.Context // ends when the fetcher is closed
	stop context.CancelFunc
	wg   sync.WaitGroup

	// mu guards closed and waiting, which has a key for each broker that a
	// goroutine serves.
	mu      sync.Mutex
	closed  bool
	waiting map[int32][]*want
}

// want is one fetch of one partition.
type want struct {
	partition
	epoch    int32
	offset   int64
	maxBytes int32
	// alone asks for a request of its own: a broker exceeds maxBytes for the
	// first partition of a request only (KIP-74).
	alone bool
	done  chan answer
}

type answer struct {
	*kmsg.FetchResponseTopicPartition
	err error
}

func newFetcher(cl *kgo.Client) *fetcher {
	f := &fetcher{cl: cl, waiting: map[int32][]*want{}}
	f.ctx, f.stop = context.WithCancel(context.Background())
	return f
}

func (f *fetcher) close() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.stop()
	f.wg.Wait()
}

// fetch waits for the answer of one broker about one partition. The error is
// that of the request or of the partition.
func (f *fetcher) fetch(ctx context.Context, broker int32, w *want) (*kmsg.FetchResponseTopicPartition, error) {
	w.done = make(chan answer, 1)
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return nil, errClosed
	}
	queue, served := f.waiting[broker]
	f.waiting[broker] = append(queue, w)
	if !served {
		f.wg.Go(func() { f.serve(broker) })
	}
	f.mu.Unlock()
	select {
	case a := <-w.done:
		if a.err == nil {
			a.err = kerr.ErrorForCode(a.ErrorCode)
		}
		return a.FetchResponseTopicPartition, a.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-f.ctx.Done():
		return nil, errClosed
	}
}

// serve sends requests to one broker until nobody wants anything of it.
func (f *fetcher) serve(broker int32) {
	for {
		f.mu.Lock()
		now, later := pick(f.waiting[broker])
		if len(now) == 0 {
			delete(f.waiting, broker)
			f.mu.Unlock()
			return
		}
		f.waiting[broker] = later
		f.mu.Unlock()
		f.send(broker, now)
	}
}

// pick chooses the wants of the next request: the first, and if it need not be
// alone all that may go with it. A partition must not be twice in a request.
func pick(waiting []*want) (now, later []*want) {
	seen := make(map[partition]bool, len(waiting))
	for _, w := range waiting {
		if len(now) > 0 && (w.alone || now[0].alone || seen[w.partition]) {
			later = append(later, w)
			continue
		}
		seen[w.partition] = true
		now = append(now, w)
	}
	return now, later
}

func (f *fetcher) send(broker int32, wants []*want) {
	req := kmsg.NewPtrFetchRequest()
	req.MaxWaitMillis = fetchWaitMillis
	req.MinBytes = 1
	req.IsolationLevel = 1 // read committed
	index := make(map[partition]int, 4)
	total := int64(0)
	for _, w := range wants {
		key := partition{topic: w.topic, id: w.id}
		i, ok := index[key]
		if !ok {
			i = len(req.Topics)
			index[key] = i
			t := kmsg.NewFetchRequestTopic()
			t.Topic, t.TopicID = w.topic, w.id // by version, one of them is sent
			req.Topics = append(req.Topics, t)
		}
		p := kmsg.NewFetchRequestTopicPartition()
		p.Partition = w.num
		p.CurrentLeaderEpoch = w.epoch
		p.FetchOffset = w.offset
		p.PartitionMaxBytes = w.maxBytes
		req.Topics[i].Partitions = append(req.Topics[i].Partitions, p)
		total += int64(w.maxBytes)
	}
	req.MaxBytes = int32(min(total, math.MaxInt32))
	resp, err := req.RequestWith(f.ctx, f.cl.Broker(int(broker)))
	if err == nil {
		err = kerr.ErrorForCode(resp.ErrorCode)
	}
	if err != nil {
		for _, w := range wants {
			w.done <- answer{err: err}
		}
		return
	}
	f.deliver(resp, wants)
}

// deliver hands each want its part of a response.
func (f *fetcher) deliver(resp *kmsg.FetchResponse, wants []*want) {
	const byID = 13 // the version from which on topics are named by their ids
	open := make(map[partition]*want, len(wants))
	for _, w := range wants {
		key := w.partition
		if resp.Version >= byID {
			key.topic = ""
		} else {
			key.id = [16]byte{}
		}
		open[key] = w
	}
	for i := range resp.Topics {
		t := &resp.Topics[i]
		key := partition{topic: t.Topic}
		if resp.Version >= byID {
			key = partition{id: t.TopicID}
		}
		for j := range t.Partitions {
			p := &t.Partitions[j]
			key.num = p.Partition
			w, ok := open[key]
			if !ok {
				continue
			}
			delete(open, key)
			if len(wants) > 1 {
				// One slow store must not keep the bytes of all.
				p.RecordBatches = bytes.Clone(p.RecordBatches)
			}
			w.done <- answer{FetchResponseTopicPartition: p}
		}
	}
	for _, w := range open {
		// The response was full, or the broker throttles its clients.
		w.done <- answer{err: errNoAnswer}
	}
}
