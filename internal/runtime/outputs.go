package runtime

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// outputs knows how many partitions topics have, for sinks that choose the
// partition or the topic themselves. Its counts are as old as the last look at
// the cluster.
type outputs struct {
	mu      sync.Mutex // guards the fields below, not what they refer to
	counts  map[string]int
	missing map[string]time.Time // when a topic was last found not to exist
}

const (
	// missingFor is how long a topic that does not exist is not asked for
	// again; missingTopics bounds how many of them are remembered.
	missingFor    = time.Second
	missingTopics = 1000
	// askPause is between two questions, createTries how often it is asked for
	// a topic that a broker may be about to create.
	askPause    = 100 * time.Millisecond
	createTries = 10
)

// set takes over the counts of all topics, which do not change any more.
func (o *outputs) set(counts map[string]int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.counts, o.missing = counts, nil
}

// get returns the count of a topic, 0 if it is not known, and whether it was
// missing a moment ago.
func (o *outputs) get(topic string, now time.Time) (n int, missing bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	at, missed := o.missing[topic]
	return o.counts[topic], missed && now.Sub(at) < missingFor
}

// add notes the count of one more topic, 0 for one that does not exist.
func (o *outputs) add(topic string, n int, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if n > 0 {
		o.counts = maps.Clone(o.counts)
		o.counts[topic] = n
		return
	}
	if o.missing == nil || len(o.missing) >= missingTopics {
		o.missing = make(map[string]time.Time)
	}
	o.missing[topic] = now
}

// partitions is task.Config.Partitions: of a topic that is new it asks a
// broker, and waits for one until the task's work is thrown away.
func (i *Instance) partitions(ctx context.Context, topic string) (int, error) {
	n, missing := i.outputs.get(topic, i.now())
	for tries := 1; n == 0 && !missing; tries++ {
		var err error
		n, err = i.askPartitions(ctx, topic)
		if tries >= createTries && errors.Is(err, kerr.UnknownTopicOrPartition) {
			n, err = 0, nil // the brokers do not let clients create topics
		}
		switch {
		case err == nil:
			i.outputs.add(topic, n, i.now())
			missing = n == 0
		case ctx.Err() != nil || !brokerAway(err):
			return 0, fmt.Errorf("ask for the partitions of topic %s: %w", topic, err)
		case !sleep(ctx, askPause):
			return 0, ctx.Err()
		}
	}
	if n == 0 {
		return 0, fmt.Errorf("topic %s does not exist: create it before records are written to it", topic)
	}
	return n, nil
}

// askPartitions returns 0 for a topic that does not exist. Where clients may
// create topics, the broker that is asked does, and says so by an error that
// is worth another try.
func (i *Instance) askPartitions(ctx context.Context, topic string) (int, error) {
	req := kmsg.NewPtrMetadataRequest()
	t := kmsg.NewMetadataRequestTopic()
	t.Topic = &topic
	req.Topics = append(req.Topics, t)
	req.AllowAutoTopicCreation = i.admin.OptValue(kgo.AllowAutoTopicCreation).(bool)
	resp, err := req.RequestWith(ctx, i.admin)
	if err != nil {
		return 0, err
	}
	if len(resp.Topics) != 1 {
		return 0, fmt.Errorf("the broker answers for %d topics", len(resp.Topics))
	}
	err = kerr.ErrorForCode(resp.Topics[0].ErrorCode)
	if errors.Is(err, kerr.UnknownTopicOrPartition) && !req.AllowAutoTopicCreation {
		return 0, nil
	}
	return len(resp.Topics[0].Partitions), err
}
