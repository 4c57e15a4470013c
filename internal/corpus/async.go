package corpus

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
)

// Calls to other services. What stands in for the service is a function of the
// record, so that the results are the same wherever it is called from.
func init() {
	service := func(ctx context.Context, v string) (int64, error) {
		if err := work(ctx, v); err != nil {
			return 0, err
		}
		switch v {
		case "none":
			return 0, processor.Null
		case "bad":
			return 0, errors.New("the service does not know it")
		}
		return number(v), nil
	}
	register("map-values-async", func(b *topology.Builder) {
		topology.To(topology.MapValuesAsync(input(b), service, topology.Async{}), "out", numberOut)
	})
	register("process-async", func(b *topology.Builder) {
		words := topology.ProcessAsync(input(b), func(ctx context.Context, r processor.Record[string, string]) (out []processor.Record[string, string], _ error) {
			if err := work(ctx, r.Value); err != nil {
				return nil, err
			}
			for i, word := range strings.Fields(r.Value) {
				out = append(out, processor.NewRecord(word, r.Key, r.Time+int64(i)))
			}
			return out, nil
		}, topology.Async{})
		topology.To(topology.Count(topology.GroupByKey(words), "counts").ToStream(), "out", numberOut)
	})
	register("retried-async", func(b *topology.Builder) {
		down := 2 // attempts
		topology.To(topology.MapValuesAsync(input(b), func(ctx context.Context, v string) (int64, error) {
			if v == "17" && down > 0 {
				down--
				return 0, errors.New("the service is down")
			}
			return service(ctx, v)
		}, topology.Async{Retries: 2, Backoff: time.Second}), "out", numberOut)
	})
}

// work takes the longer the more there is to do. It is next to nothing, and in
// virtual time enough for a short call to overtake a longer one each time, not
// only when the scheduler likes it.
func work(ctx context.Context, v string) error {
	select {
	case <-time.After(time.Duration(len(v)) * time.Microsecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
