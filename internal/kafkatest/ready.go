package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// ready waits until the broker does what tests need: answers metadata, and has
// a working group coordinator and transaction coordinator. (Both create their
// internal topic on first use, which takes a fresh broker most of a second.)
func ready(ctx context.Context, b *Broker) error {
	var last error
	for {
		if last = probe(ctx, b); last == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; last answer: %w", context.Cause(ctx), last)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func probe(ctx context.Context, b *Broker) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cl, err := kgo.NewClient(slices.Concat(b.Options(), []kgo.Opt{
		kgo.TransactionalID("kafkatest-ready"),
		kgo.DialTimeout(time.Second),
		kgo.RequestRetries(3),
	})...)
	if err != nil {
		return err
	}
	defer cl.Close()
	if err := cl.Ping(ctx); err != nil {
		return err
	}
	if _, _, err := cl.ProducerID(ctx); err != nil {
		return err
	}
	offsets, err := kadm.NewClient(cl).FetchOffsets(ctx, "kafkatest-ready")
	if err := errors.Join(err, offsets.Error()); !errors.Is(err, kerr.GroupIDNotFound) {
		return err
	}
	return nil
}
