package changelog

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Ensure makes the topics that are missing, waits until all have a leader for
// every partition, and checks those that were there before. It retries while
// brokers are away and until ctx ends; an error that a retry does not cure is
// returned at once. Another instance may do the same at the same time.
func Ensure(ctx context.Context, cl *kgo.Client, topics []Topic) (map[string]Info, error) {
	e := ensurer{cl: cl, infos: make(map[string]Info, len(topics)), created: map[string]bool{}}
	var retry backoff
	for {
		missing, err := e.look(ctx, topics)
		if err == nil && len(missing) > 0 {
			// What the metadata shows next decides, whoever made the topic.
			if err = e.create(ctx, missing); err == nil {
				err = errNotReady
			}
		}
		if err == nil {
			err = e.check(ctx, topics)
		}
		if err == nil {
			return e.infos, nil
		}
		if err = retry.wait(ctx, err); err != nil {
			return nil, fmt.Errorf("internal topics: %w", err)
		}
	}
}

type ensurer struct {
	cl      *kgo.Client
	infos   map[string]Info
	created map[string]bool
	// brokers is how many the cluster has, for those that have no default
	// replication factor.
	brokers     int
	explicitRep bool
}

// errNotReady is transient: the topics exist but are not usable yet.
var errNotReady = errors.New("topics have no leader yet")

// look fills infos and returns the topics that do not exist.
func (e *ensurer) look(ctx context.Context, topics []Topic) (missing []*Topic, err error) {
	req := kmsg.NewPtrMetadataRequest()
	req.Topics = []kmsg.MetadataRequestTopic{}
	byName := make(map[string]*Topic, len(topics))
	for i := range topics {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = &topics[i].Name
		req.Topics = append(req.Topics, t)
		byName[topics[i].Name] = &topics[i]
	}
	resp, err := req.RequestWith(ctx, e.cl)
	if err != nil {
		return nil, err
	}
	e.brokers = len(resp.Brokers)
	var errs []error
	var notReady error
	for i := range resp.Topics {
		m := &resp.Topics[i]
		if m.Topic == nil || byName[*m.Topic] == nil {
			continue
		}
		t := byName[*m.Topic]
		switch err := kerr.ErrorForCode(m.ErrorCode); {
		case errors.Is(err, kerr.UnknownTopicOrPartition):
			missing = append(missing, t)
			continue
		case err != nil && kerr.IsRetriable(err):
			notReady = fmt.Errorf("%s topic %s: %w", t.Kind, t.Name, err)
			continue
		case err != nil:
			errs = append(errs, topicErr(t, err))
			continue
		}
		if n := int32(len(m.Partitions)); n != t.Partitions {
			errs = append(errs, &PartitionsError{Topic: *t, Found: n})
			continue
		}
		for _, p := range m.Partitions {
			if p.Leader < 0 {
				notReady = errNotReady
			}
		}
		e.infos[t.Name] = Info{ID: m.TopicID, Partitions: t.Partitions, Created: e.created[t.Name]}
	}
	if len(errs) > 0 {
		return nil, &permanentError{errors.Join(errs...)}
	}
	if len(missing) > 0 {
		return missing, nil
	}
	return nil, notReady
}

// create asks for the missing topics.
func (e *ensurer) create(ctx context.Context, missing []*Topic) error {
	req := kmsg.NewPtrCreateTopicsRequest()
	req.TimeoutMillis = 15_000
	byName := make(map[string]*Topic, len(missing))
	for _, t := range missing {
		byName[t.Name] = t
		rt := kmsg.NewCreateTopicsRequestTopic()
		rt.Topic = t.Name
		rt.NumPartitions = t.Partitions
		rt.ReplicationFactor = e.replication(t)
		configs := t.configs()
		for _, name := range slices.Sorted(maps.Keys(configs)) {
			c := kmsg.NewCreateTopicsRequestTopicConfig()
			c.Name = name
			c.Value = kmsg.StringPtr(configs[name])
			rt.Configs = append(rt.Configs, c)
		}
		req.Topics = append(req.Topics, rt)
	}
	resp, err := req.RequestWith(ctx, e.cl)
	if err != nil {
		return err
	}
	var errs []error
	for i := range resp.Topics {
		r := &resp.Topics[i]
		t := byName[r.Topic]
		if t == nil {
			continue
		}
		switch err := kerr.ErrorForCode(r.ErrorCode); {
		case err == nil:
			e.created[t.Name] = true
		case errors.Is(err, kerr.TopicAlreadyExists): // another instance was faster
		case errors.Is(err, kerr.InvalidReplicationFactor) && t.ReplicationFactor <= 0 && !e.explicitRep:
			// Brokers before 2.4, and services that only look like
			// Kafka, have no default to fall back on.
			e.explicitRep = true
		case kerr.IsRetriable(err):
			return fmt.Errorf("create %s topic %s: %w", t.Kind, t.Name, err)
		default:
			if r.ErrorMessage != nil && *r.ErrorMessage != "" {
				err = fmt.Errorf("%w (%s)", err, *r.ErrorMessage)
			}
			errs = append(errs, topicErr(t, fmt.Errorf("create: %w", err)))
		}
	}
	if len(errs) > 0 {
		return &permanentError{errors.Join(errs...)}
	}
	return nil
}

func (e *ensurer) replication(t *Topic) int16 {
	switch {
	case t.ReplicationFactor > 0:
		return t.ReplicationFactor
	case e.explicitRep:
		return int16(min(3, max(1, e.brokers)))
	}
	return -1
}
