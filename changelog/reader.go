package changelog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// missingAfter is how long a topic may be unknown to the brokers before it
// counts as deleted. Metadata of a new topic needs moments to spread.
const missingAfter = 10 * time.Second

// reader reads one partition from its leader, whoever that is by then.
type reader struct {
	*fetcher
	partition
	leader, epoch int32 // leader is -1 if it must be looked up
	retry         backoff
	missingSince  time.Time
	// waits is called with the error before each retry; may be nil.
	waits func(error)
}

func newReader(f *fetcher, p partition) *reader {
	return &reader{fetcher: f, partition: p, leader: -1}
}

// persist calls try until it succeeds, fails for good, or ctx ends. A failure
// may come from a leader that has moved: the next try looks it up.
func (r *reader) persist(ctx context.Context, try func() error) error {
	for {
		err := r.locate(ctx)
		if err == nil {
			if err = try(); err == nil {
				r.retry.reset()
				return nil
			}
			if !errors.Is(err, errNoAnswer) {
				r.leader = -1
			}
		}
		if ctx.Err() == nil && transient(err) && r.waits != nil {
			r.waits(err)
		}
		if err = r.retry.wait(ctx, err); err != nil {
			return err
		}
	}
}

// fetchAt returns what the leader has at offset pos; it may be nothing.
func (r *reader) fetchAt(ctx context.Context, pos int64, maxBytes int32, alone bool) (rp *kmsg.FetchResponseTopicPartition, err error) {
	err = r.persist(ctx, func() error {
		w := &want{partition: r.partition, epoch: r.epoch, offset: pos, maxBytes: maxBytes, alone: alone}
		rp, err = r.fetch(ctx, r.leader, w)
		return err
	})
	return rp, err
}

// bounds returns the start of the log and its high watermark. The watermark is
// listed rather than taken from a fetch: a leader just elected may not know it
// yet, and only listing says so (KIP-207).
func (r *reader) bounds(ctx context.Context) (start, end int64, err error) {
	err = r.persist(ctx, func() error {
		if start, err = r.list(ctx, -2); err != nil {
			return err
		}
		end, err = r.list(ctx, -1)
		return err
	})
	return start, end, err
}

// list asks the leader for one of the special offsets: -2 is the log's start,
// -1 the high watermark.
func (r *reader) list(ctx context.Context, which int64) (int64, error) {
	req := kmsg.NewPtrListOffsetsRequest()
	p := kmsg.NewListOffsetsRequestTopicPartition()
	p.Partition = r.num
	p.CurrentLeaderEpoch = r.epoch
	p.Timestamp = which
	t := kmsg.NewListOffsetsRequestTopic()
	t.Topic = r.topic
	t.Partitions = append(t.Partitions, p)
	req.Topics = append(req.Topics, t)
	resp, err := req.RequestWith(ctx, r.cl.Broker(int(r.leader)))
	if err != nil {
		return 0, err
	}
	if len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) != 1 {
		return 0, errNoAnswer
	}
	a := &resp.Topics[0].Partitions[0]
	return a.Offset, kerr.ErrorForCode(a.ErrorCode)
}

// locate looks up leader and epoch if they are not known, and makes sure that
// the topic is still the one with r's id. A zero id means whatever is there.
func (r *reader) locate(ctx context.Context) error {
	if r.leader >= 0 {
		return nil
	}
	req := kmsg.NewPtrMetadataRequest()
	t := kmsg.NewMetadataRequestTopic()
	t.Topic = &r.topic
	req.Topics = append(req.Topics, t)
	// Many readers lose the same leader at once; they share one look-up.
	resp, err := r.cl.RequestCachedMetadata(ctx, req, 15*time.Millisecond)
	if err != nil {
		return err
	}
	for i := range resp.Topics {
		m := &resp.Topics[i]
		if m.Topic == nil || *m.Topic != r.topic {
			continue
		}
		if err := kerr.ErrorForCode(m.ErrorCode); err != nil {
			return r.missing(err)
		}
		if r.id == ([16]byte{}) {
			r.id = m.TopicID
		}
		if r.id != m.TopicID && m.TopicID != ([16]byte{}) {
			return &RecreatedError{Topic: r.topic}
		}
		for _, p := range m.Partitions {
			if p.Partition != r.num {
				continue
			}
			if p.Leader < 0 {
				return kerr.LeaderNotAvailable
			}
			r.leader, r.epoch = p.Leader, p.LeaderEpoch
			r.missingSince = time.Time{}
			return nil
		}
	}
	return r.missing(kerr.UnknownTopicOrPartition)
}

// missing makes an error permanent if the partition has not been there for long.
func (r *reader) missing(err error) error {
	if !errors.Is(err, kerr.UnknownTopicOrPartition) {
		return err
	}
	if r.missingSince.IsZero() {
		r.missingSince = time.Now()
	}
	if time.Since(r.missingSince) < missingAfter {
		return err
	}
	return &permanentError{fmt.Errorf("%w: the topic was deleted; restart the application, which makes it anew", err)}
}

// readCommitted parses the answer to a fetch at pos. The next position may lie
// behind the last record: markers, aborted records and holes are passed over.
func (r *reader) readCommitted(pos int64, rp *kmsg.FetchResponseTopicPartition) (records []*kgo.Record, next int64, err error) {
	fp, next := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{
		Offset:         pos,
		IsolationLevel: kgo.ReadCommitted(),
		Topic:          r.topic,
		Partition:      r.num,
	}, rp, decompressor, nil)
	if fp.Err != nil {
		return nil, pos, fp.Err
	}
	return fp.Records, next, nil
}

// decompressor is safe for concurrent use.
var decompressor = kgo.DefaultDecompressor()
