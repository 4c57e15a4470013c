package topology_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
)

// past stores values with their times, and answers "?n" with what the key was
// at the time n, "*" with its history and "?" with its newest value.
type past struct {
	store state.Versioned[string, string]
}

func (p past) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
	answer := func(v string, ok bool, err error) error {
		if err != nil {
			return err
		}
		return out.Forward(processor.Record[string, string]{Key: r.Key, Value: v, Time: r.Time, HasKey: true, HasValue: ok})
	}
	var at int64
	switch n, _ := fmt.Sscanf(r.Value, "?%d", &at); {
	case n == 1:
		v, _, ok, err := p.store.GetAsOf(r.Key, at)
		return answer(v, ok, err)
	case r.Value == "?":
		v, ms, ok, err := p.store.Get(r.Key)
		return answer(fmt.Sprint(v, " since ", ms), ok, err)
	case r.Value == "*":
		var all []string
		for v := range p.store.History(r.Key, 0, r.Time) {
			all = append(all, fmt.Sprint(v.Value, " from ", v.FromMs))
		}
		return answer(strings.Join(all, " "), true, p.store.ScanErr())
	case !r.HasValue:
		_, err := p.store.Delete(r.Key, r.Time)
		return err
	case r.Value == "fail":
		if _, err := p.store.Put(r.Key, "never", 1); err != nil {
			return err
		}
		return errTest
	}
	_, err := p.store.Put(r.Key, r.Value, r.Time)
	return err
}

func pasts(b *topology.Builder, opts ...topology.Option) {
	prices := topology.NewVersionedStore[string, string](b, "prices", 50*ms, opts...)
	topology.To(topology.Process(topology.WithNulls(topology.Stream[string, string](b, "in")), func(ctx processor.Context) nulls {
		return nulls{past{prices.Open(ctx)}}
	}, topology.With(prices)), "out")
}

// nulls takes a stream of nulls apart again, for past.
type nulls struct{ past }

func (p nulls) Process(r processor.Record[string, processor.Maybe[string]], out processor.Output[string, string]) error {
	return p.past.Process(processor.Record[string, string]{
		Key: r.Key, Value: r.Value.Value, Time: r.Time, HasKey: r.HasKey, HasValue: r.Value.OK,
	}, out)
}

func TestVersionedStoreKnowsThePast(t *testing.T) {
	b := topology.New()
	pasts(b)
	r := run(t, b)
	r.want("k=a@10", "")
	r.want("k=c@60", "")
	r.want("k=b@30", "") // late, and not too late
	r.want("k=?@60", "out k=c since 60@60")
	r.want("k=?29@60", "out k=a@60")
	r.want("k=?30@60", "out k=b@60")
	r.want("k=?9@60", "out k=~@60")
	r.want("k=*@60", "out k=c from 60 b from 30 a from 10@60")
	r.want("k=~@70", "")
	r.want("k=?@70", "out k=~@70")
	r.want("k=?69@70", "out k=c@70")
	r.want("k=late@19", "")
	if err := r.try("in", "k=fail@19"); err == nil {
		t.Fatal("no error")
	}
	r.tasks[0].Seek("in", r.tasks[0].Position("in"))
	r.want("k=*@70", "out k=c from 60 b from 30 a from 10@70")
	if got, want := r.drops(), "process-1 late 1"; got != want {
		t.Errorf("dropped %q, want %q", got, want)
	}
}

func TestVersionedStoreIsDescribed(t *testing.T) {
	b := topology.New()
	pasts(b, topology.LogConfig(map[string]string{"segment.ms": "1"}))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	s := g.Stores["prices"]
	want := map[string]string{"min.compaction.lag.ms": "86400050", "segment.ms": "1"}
	if diff := cmp.Diff(want, s.LogConfig); diff != "" || s.Format != state.Versions || s.History != 50*ms || !s.Logged {
		t.Errorf("%s%+v", diff, s)
	}
	if text := g.Describe(); !strings.Contains(text, "history 50ms") {
		t.Error(text)
	}
	b = topology.New()
	pasts(b, topology.LogConfig(map[string]string{"min.compaction.lag.ms": "7"}), topology.Unlogged())
	if g, err = b.Build(); err != nil || g.Stores["prices"].LogConfig["min.compaction.lag.ms"] != "7" || g.Stores["prices"].Logged {
		t.Errorf("%v: %+v", err, g.Stores["prices"])
	}
}

func TestHistoryThatMakesNoSense(t *testing.T) {
	for _, history := range []time.Duration{0, -time.Hour, time.Microsecond} {
		b := topology.New()
		topology.NewVersionedStore[string, string](b, "prices", history)
		at := line(-1)
		_, err := b.Build()
		if want := at + ": versioned store: the option Versioned needs a history of at least 1ms"; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	b := topology.New()
	topology.NewVersionedStore[string, string](b, "prices", time.Hour, topology.TTL(time.Hour))
	if _, err := b.Build(); err == nil || !strings.Contains(err.Error(), "versioned store does not take option TTL") {
		t.Error(err)
	}
}
