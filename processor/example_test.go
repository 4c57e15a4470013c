package processor_test

import (
	"fmt"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
)

type latest struct {
	seen state.KeyValue[string, string]
}

func (l *latest) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
	before, ok, err := l.seen.Get(r.Key)
	if err != nil || ok && before == r.Value {
		return err // nothing new
	}
	if err := l.seen.Put(r.Key, r.Value); err != nil {
		return err
	}
	return out.Forward(r)
}

// A Processor that passes on what has changed.
func ExampleProcessor() {
	b := topology.New()
	values := topology.Stream[string, string](b, "values")
	seen := topology.NewStore[string, string](b, "seen")
	changes := topology.Process(values, func(ctx processor.Context) *latest {
		return &latest{seen.Open(ctx)}
	}, topology.With(seen))
	topology.To(changes, "changes")

	_, err := b.Build()
	fmt.Println(err)
	// Output: <nil>
}
