package changelog

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// PartitionsError says that an internal topic exists with another number of
// partitions than the topology needs.
type PartitionsError struct {
	Topic Topic
	Found int32
}

// Error names both numbers, the reason and the remedy.
func (e *PartitionsError) Error() string {
	why := e.Topic.Why
	if why == "" {
		why = "one partition per task"
	}
	return fmt.Sprintf("%s topic %s has %d partitions and needs %d (%s): keys would be looked for in the wrong partition; "+
		"give the source topics their former number of partitions, or start under a new application id, or reset the application, which deletes the topic",
		e.Topic.Kind, e.Topic.Name, e.Found, e.Topic.Partitions, why)
}

// RecreatedError says that a topic was deleted and made anew since its id was
// looked up.
type RecreatedError struct {
	Topic string
}

// Error names the topic.
func (e *RecreatedError) Error() string {
	return fmt.Sprintf("topic %s was deleted and recreated while it was read; nobody may do that while the application runs: restart the application", e.Topic)
}

// permanentError is one that no retry cures.
type permanentError struct{ error }

func (e *permanentError) Unwrap() error { return e.error }

// topicErr is an error about a topic with what helps against it.
func topicErr(t *Topic, err error) error {
	err = fmt.Errorf("%s topic %s: %w", t.Kind, t.Name, err)
	switch {
	case errors.Is(err, kerr.TopicAuthorizationFailed), errors.Is(err, kerr.ClusterAuthorizationFailed):
		return fmt.Errorf("%w (grant Create, Describe, DescribeConfigs, Read and Write on topics with the application id as prefix, or make the topic by hand with %d partitions and %v)",
			err, t.Partitions, t.configs())
	case errors.Is(err, kerr.InvalidReplicationFactor):
		return fmt.Errorf("%w (set a replication factor that the cluster has brokers for)", err)
	}
	return err
}

// transient reports whether waiting may cure an error. Errors that are not
// Kafka's come from the network: brokers come back.
func transient(err error) bool {
	var p *permanentError
	var r *RecreatedError
	var ke *kerr.Error
	switch {
	case errors.As(err, &p), errors.As(err, &r), errors.Is(err, kgo.ErrClientClosed), errors.Is(err, errClosed):
		return false
	case errors.Is(err, kerr.UnknownServerError):
		return true
	case errors.As(err, &ke):
		return ke.Retriable
	}
	return true
}

// backoff spaces retries: 20 ms at first, twice as much each time, a second at
// most, with jitter.
type backoff struct{ tries int }

// wait sleeps before the next try after err. It returns an error if there
// should be none: err itself if it is permanent, or that ctx has ended.
func (b *backoff) wait(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if !transient(err) {
		return err
	}
	d := time.Second
	if b.tries < 6 {
		d = 20 * time.Millisecond << b.tries
	}
	b.tries++
	t := time.NewTimer(d/2 + rand.N(d/2))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w (last error: %w)", context.Cause(ctx), err)
	}
}

func (b *backoff) reset() { b.tries = 0 }
