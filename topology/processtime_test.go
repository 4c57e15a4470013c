package topology_test

import (
	"testing"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// later forwards records with a later time, and puts them into a store when
// what is behind it has had them.
type later struct {
	rows state.KeyValue[string, string]
	by   int64
}

func (p *later) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
	put := r
	r.Time += p.by
	if err := out.Forward(r); err != nil {
		return err
	}
	return p.rows.Put(put.Key, put.Value)
}

// laterValues is later for ProcessValues.
type laterValues later

func (p *laterValues) Process(r processor.Record[string, string], out processor.ValueOutput[string]) error {
	if err := out.ForwardAt(processor.Some(r.Value), r.Time+p.by, nil); err != nil {
		return err
	}
	return p.rows.Put(r.Key, r.Value)
}

// The time that Put takes is that of the record that the Processor was given,
// which is not that of the input record where a node before it has changed it.
func TestStoresAreWrittenWithTheTimeOfTheRecordInHand(t *testing.T) {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	first, second, third := topology.NewStore[string, string](b, "first"), topology.NewStore[string, string](b, "second"), topology.NewStore[string, string](b, "third")
	one := topology.Process(in, func(ctx processor.Context) *later { return &later{first.Open(ctx), 10} }, topology.With(first))
	two := topology.ProcessValues(one, func(ctx processor.Context) *laterValues { return &laterValues{second.Open(ctx), 100} }, topology.With(second))
	topology.Process(two, func(ctx processor.Context) *later { return &later{third.Open(ctx), 1000} }, topology.With(third))
	d := streamstest.New(t, b, streamstest.Config{})
	streamstest.In[string, string](d, "in").PipeAt("k", "v", 1)
	for name, want := range map[string]int64{"first": 1, "second": 11, "third": 111} {
		if _, got, _ := streamstest.Store[string, string](d, name).GetWithTime("k"); got != want {
			t.Errorf("store %s has the time %d, want %d", name, got, want)
		}
	}
}
