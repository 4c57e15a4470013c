package changelog

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Stuck describes a partition whose last stable offset does not move although
// there is more behind it. A transaction may really be open for so long; or
// its markers were lost, which brokers 4.3.0 and 4.3.1 do when a partition is
// without leader (KAFKA-20734), and then neither time nor a restart helps.
type Stuck struct {
	Topic     string
	Partition int32
	// LastStable is the offset that readers cannot pass, HighWatermark the end.
	LastStable, HighWatermark int64
	For                       time.Duration
	// Producers are those with a transaction open in the partition.
	Producers []OpenTransaction
	// Err says why Producers could not be found out.
	Err error
}

// OpenTransaction is a transaction of which a partition has no marker yet.
type OpenTransaction struct {
	ProducerID    int64
	ProducerEpoch int32
	Start         int64 // its first offset in the partition
	LastWrite     int64 // milliseconds since the Unix epoch, -1 if unknown
}

// String names the transaction as the tools of Kafka do.
func (o OpenTransaction) String() string {
	return fmt.Sprintf("producer id %d epoch %d start offset %d", o.ProducerID, o.ProducerEpoch, o.Start)
}

// OpenTransactions lists who has a transaction open in a partition. It tries
// once, for 5 s at most.
func OpenTransactions(ctx context.Context, cl *kgo.Client, topic string, num int32) ([]OpenTransaction, error) {
	f := newFetcher(cl)
	defer f.close()
	return newReader(f, partition{topic: topic, num: num}).openTransactions(ctx)
}

// stuckWatch notices that the last stable offset stands still.
type stuckWatch struct {
	lastStable int64
	since      time.Time // when it was first seen there; zero if never
	reported   time.Time
}

// note takes an answer with nothing to read below the high watermark.
func (w *stuckWatch) note(ctx context.Context, s *restore, rp *kmsg.FetchResponseTopicPartition) {
	now := time.Now()
	if w.since.IsZero() || w.lastStable != rp.LastStableOffset {
		*w = stuckWatch{lastStable: rp.LastStableOffset, since: now, reported: now}
		return
	}
	if now.Sub(w.reported) < s.opts.StuckAfter {
		return
	}
	w.reported = now
	st := Stuck{
		Topic: s.Topic, Partition: s.Partition,
		LastStable: rp.LastStableOffset, HighWatermark: rp.HighWatermark, For: now.Sub(w.since),
	}
	st.Producers, st.Err = s.reader.openTransactions(ctx)
	s.log.Warn("restore waits for an open transaction; if none is running, its markers were lost (KAFKA-20734) and must be written by hand",
		"last_stable", st.LastStable, "high_watermark", st.HighWatermark, "for", st.For, "producers", st.Producers, "err", st.Err)
	if s.opts.OnStuck != nil {
		s.opts.OnStuck(s.Request, st)
	}
}

// openTransactions asks the leader who has a transaction open. One try: the
// next report asks again.
func (r *reader) openTransactions(ctx context.Context) ([]OpenTransaction, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := r.locate(ctx); err != nil {
		return nil, err
	}
	req := kmsg.NewPtrDescribeProducersRequest()
	t := kmsg.NewDescribeProducersRequestTopic()
	t.Topic, t.Partitions = r.topic, []int32{r.num}
	req.Topics = append(req.Topics, t)
	resp, err := req.RequestWith(ctx, r.cl.Broker(int(r.leader)))
	if err != nil {
		return nil, err
	}
	var open []OpenTransaction
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return nil, err
			}
			for _, a := range p.ActiveProducers {
				if a.CurrentTxnStartOffset >= 0 {
					open = append(open, OpenTransaction{a.ProducerID, a.ProducerEpoch, a.CurrentTxnStartOffset, a.LastTimestamp})
				}
			}
		}
	}
	return open, nil
}
