package topology_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

func TestMapValuesAsync(t *testing.T) {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	topology.To(topology.MapValuesAsync(in, func(ctx context.Context, v string) (int64, error) {
		if _, ok := ctx.Deadline(); !ok {
			t.Error("the call has no deadline")
		}
		switch v {
		case "gone":
			return 7, processor.Null
		case "down":
			return 0, errors.New("service is down")
		}
		return int64(len(v)), nil
	}, topology.Async{}), "out", topology.ValueSerde(serde.DecimalInt64))
	r := run(t, b)
	r.want("k=four@1", "out k=4@1")
	r.want("k=~@2", "out k=~@2")
	r.want("k=gone@3", "out k=~@3")
	r.want("~=abc@4", "out ~=3@4")
	r.want("=@5", "out =0@5")
	if h := r.headers[0]; len(h) != 1 || h[0].Key != "h" {
		t.Errorf("headers are %v", h)
	}
	if err := r.try("in", "k=down@6"); err == nil || !strings.Contains(err.Error(), "node map-values-async-1: topic in partition 0 offset 5: service is down") {
		t.Errorf("error is %v", err)
	}
}

func TestProcessAsync(t *testing.T) {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	topology.To(topology.ProcessAsync(in, func(_ context.Context, r processor.Record[string, string]) ([]processor.Record[string, int64], error) {
		if !r.HasValue {
			return []processor.Record[string, int64]{{Key: r.Key, HasKey: true, Time: r.Time}}, nil
		}
		var list []processor.Record[string, int64]
		for i, word := range strings.Fields(r.Value) {
			list = append(list, processor.NewRecord(word, int64(i), r.Time+int64(i)))
		}
		if len(list) > 2 {
			return list, errors.New("too many")
		}
		return list, nil
	}, topology.Async{}, topology.Name("split")), "out", topology.ValueSerde(serde.DecimalInt64))
	r := run(t, b)
	r.want("k=a b@1", "out a=0@1, out b=1@2")
	r.want("k=~@2", "out k=~@2")
	r.want("k=@3", "")
	if err := r.try("in", "k=a b c@4"); err == nil || !strings.Contains(err.Error(), "node split: topic in partition 0 offset 3: too many") {
		t.Errorf("error is %v", err)
	}
}

// TestAsyncKeepsTheOrderOfARecord: what one record sends into a node comes out
// in that order, nulls included, as its key is one.
func TestAsyncKeepsTheOrderOfARecord(t *testing.T) {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	parts := topology.FlatMapValues(in, strings.Fields)
	maybe := topology.MapValuesErr(parts, func(v string) (string, error) {
		if v == "null" {
			return "", processor.Null
		}
		return v, nil
	})
	topology.To(topology.MapValuesAsync(maybe, func(_ context.Context, v string) (string, error) { return v + "!", nil },
		topology.Async{Concurrency: 1}), "out")
	run(t, b).want("k=a null b null null c@1", "out k=a!@1, out k=~@1, out k=b!@1, out k=~@1, out k=~@1, out k=c!@1")
}

// TestAsyncKeysAreToldApartByTheirBytes: a type without a serde needs an option.
func TestAsyncKeysAreToldApartByTheirBytes(t *testing.T) {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	by := topology.SelectKey(in, func(_, v string) event { return event{User: v} })
	upper := topology.MapValuesAsync(by, func(_ context.Context, v string) (string, error) { return strings.ToUpper(v), nil },
		topology.Async{}, topology.KeySerde(serde.JSON[event]()))
	topology.To(upper, "out", topology.KeySerde(serde.JSON[event]()))
	run(t, b).want("k=v@1", `out {"User":"v"}=V@1`)
}

func TestAnAsyncKeyThatCannotBeEncoded(t *testing.T) {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	topology.To(topology.MapValuesAsync(in, func(_ context.Context, v string) (string, error) { return v, nil },
		topology.Async{}, topology.KeySerde[string](refusing{})), "out", topology.KeySerde(serde.String))
	if err := run(t, b).try("in", "k=v@1"); !errors.Is(err, errTest) || !strings.Contains(err.Error(), "node map-values-async-1: topic in partition 0 offset 0: key: ") {
		t.Errorf("error is %v", err)
	}
}

func TestMistakesWithAsync(t *testing.T) {
	call := func(_ context.Context, v string) (string, error) { return v, nil }
	for _, c := range []struct {
		make func(s stream) string
		want string
	}{
		{func(s stream) string {
			topology.MapValuesAsync[string, string, string](s, nil, topology.Async{})
			return line(-1)
		}, "map-values-async: the function is nil"},
		{func(s stream) string {
			topology.ProcessAsync[string, string, string, string](s, nil, topology.Async{})
			return line(-1)
		}, "process-async: the function is nil"},
		{func(s stream) string {
			topology.MapValuesAsync(s, call, topology.Async{Timeout: -time.Second})
			return line(-1)
		}, "map-values-async: the fields of Async must not be negative"},
		{func(s stream) string {
			topology.MapValuesAsync(s, call, topology.Async{}, topology.Partitions(3))
			return line(-1)
		}, "map-values-async does not take option Partitions"},
		{func(s stream) string {
			topology.MapValuesAsync(topology.SelectKey(s, func(_, v string) event { return event{v} }), call, topology.Async{})
			return line(-1)
		}, "map-values-async: key: no serde for topology_test.event: register one before with topology.Register(b, serde.JSON[topology_test.event]()), or give it as an option"},
	} {
		b := topology.New()
		at := c.make(topology.Stream[string, string](b, "in"))
		_, err := b.Build()
		if err == nil || !slices.Contains(strings.Split(err.Error(), "\n"), at+": "+c.want) {
			t.Errorf("got %v, want %s: %s", err, at, c.want)
		}
	}
}
