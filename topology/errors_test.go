package topology_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

type event struct{ User string }

// Each case makes its mistake in the line before its last, and wants an error
// with the place of that line.
func TestMistakesAreReportedWithTheirPlace(t *testing.T) {
	in := func(b *topology.Builder) stream { return topology.Stream[string, string](b, "in") }
	key := func(_, v string) string { return v }
	for _, c := range []struct {
		name string
		make func(b *topology.Builder) (at string)
		want string
	}{
		{"no serde", func(b *topology.Builder) string {
			topology.Stream[string, event](b, "in")
			return line(-1)
		}, "source: value: no serde for topology_test.event: register one before with " +
			"topology.Register(b, serde.JSON[topology_test.event]()), or give it as an option"},
		{"serde of another type", func(b *topology.Builder) string {
			topology.To(in(b), "out", topology.ValueSerde(serde.Int64))
			return line(-1)
		}, "sink: the values are string and the serde given for them is of int64"},
		{"serde is nil", func(b *topology.Builder) string {
			topology.To(in(b), "out", topology.ValueSerde[string](nil))
			return line(-1)
		}, "to: a serde given as an option is nil"},
		{"function is nil", func(b *topology.Builder) string {
			topology.MapValues[string, string, string](in(b), nil)
			return line(-1)
		}, "map-values: the function is nil"},
		{"method's function is nil", func(b *topology.Builder) string {
			in(b).ForEach(nil)
			return line(-1)
		}, "for-each: the function is nil"},
		{"reducer is nil", func(b *topology.Builder) string {
			topology.Reduce(topology.GroupByKey(in(b)), "rows", nil)
			return line(-1)
		}, "reduce: the function is nil"},
		{"mapper is nil", func(b *topology.Builder) string {
			topology.Map[string, string, string, string](in(b), nil)
			return line(-1)
		}, "map: the function is nil"},
		{"serde of another type for a group", func(b *topology.Builder) string {
			topology.Count(topology.GroupByKey(in(b), topology.ValueSerde(serde.Int64)), "counts")
			return line(-1)
		}, "group-by-key: the values are string and the serde given for them is of int64"},
		{"registered serde is nil", func(b *topology.Builder) string {
			topology.Register[event](b, nil)
			return line(-1)
		}, "the serde registered for topology_test.event is nil"},
		{"name that is too long", func(b *topology.Builder) string {
			topology.Repartition(in(b), strings.Repeat("x", 201))
			return line(-1)
		}, "repartition topic: the name has 201 characters, at most 200 fit into its topic's name"},
		{"incomplete aggregation", func(b *topology.Builder) string {
			topology.Aggregate(topology.GroupByKey(in(b)), "rows", aggregate.Aggregation[string, string, string]{})
			return line(-1)
		}, "aggregate: the aggregation needs Init, Add and Result"},
		{"accumulator without serde", func(b *topology.Builder) string {
			topology.Aggregate(topology.GroupByKey(in(b)), "rows", aggregate.New(func() event { return event{} }, func(e event, _ string) (event, error) { return e, nil }))
			return line(-1)
		}, "aggregate: aggregate has no serde for its accumulator, topology_test.event: register one or set Bytes"},
		{"option that does not fit", func(b *topology.Builder) string {
			topology.To(in(b), "out", topology.MaxRate(5))
			return line(-1)
		}, "to does not take option MaxRate"},
		{"rate below zero", func(b *topology.Builder) string {
			topology.Stream[string, string](b, "in", topology.MaxRate(-1))
			return line(-1)
		}, "stream: the option MaxRate needs a number that is not negative"},
		{"extractor of another type", func(b *topology.Builder) string {
			topology.Stream[string, string](b, "in", topology.Timestamps(func(processor.Record[string, int64], int64) (int64, error) { return 0, nil }))
			return line(-1)
		}, "source: the records are of string, string and the function of Timestamps or TimeField takes string, int64"},
		{"extractor is nil", func(b *topology.Builder) string {
			topology.Stream[string, string](b, "in", topology.Timestamps[string, string](nil))
			return line(-1)
		}, "stream: the function of Timestamps or TimeField is nil"},
		{"field of another type", func(b *topology.Builder) string {
			topology.Stream[string, string](b, "in", topology.TimeField(func(int64) string { return "" }, time.DateTime, nil))
			return line(-1)
		}, "source: the records are of string, string and the function of Timestamps or TimeField takes int64"},
		{"no field", func(b *topology.Builder) string {
			topology.Stream[string, string](b, "in", topology.TimeField[string](nil, time.DateTime, nil))
			return line(-1)
		}, "stream: the function of Timestamps or TimeField is nil"},
		{"partitioner of other types", func(b *topology.Builder) string {
			topology.To(in(b), "out", topology.Partitioner(func(string, string, int64, int) int { return 0 }))
			return line(-1)
		}, "sink: the records are of string, string and the function of Partitioner takes string, int64"},
		{"partitioner is nil", func(b *topology.Builder) string {
			topology.To(in(b), "out", topology.Partitioner[string, string](nil))
			return line(-1)
		}, "to: the function of Partitioner is nil"},
		{"no function to choose a topic", func(b *topology.Builder) string {
			topology.ToChosen[string, string](in(b), nil)
			return line(-1)
		}, "sink: the function is nil"},
		{"no branch", func(b *topology.Builder) string {
			in(b).Split()
			return line(-1)
		}, "split: there is no branch: every record would be dropped"},
		{"branch without function", func(b *topology.Builder) string {
			in(b).Split().Branch("low", nil)
			return line(-1)
		}, "branch: the function is nil"},
		{"branch without name", func(b *topology.Builder) string {
			in(b).Split().Default("")
			return line(-1)
		}, "split: a branch needs a name"},
		{"two branches of one name", func(b *topology.Builder) string {
			sp := in(b).Split()
			sp.Branch("low", func(_, _ string) bool { return true })
			sp.Default("low")
			return line(-1)
		}, "split: the branch added at " + line(-3) + ` is also called "low"`},
		{"two defaults", func(b *topology.Builder) string {
			sp := in(b).Split()
			sp.Default("low")
			sp.Default("high")
			return line(-1)
		}, `split: "low" is its default branch already, added at ` + line(-3)},
		{"no name for a store", func(b *topology.Builder) string {
			topology.Count(topology.GroupByKey(in(b)), "")
			return line(-1)
		}, "a store needs a name: its topic is named after it"},
		{"illegal name", func(b *topology.Builder) string {
			topology.Count(topology.GroupByKey(in(b)), "per user")
			return line(-1)
		}, `store "per user": a name may have letters, digits, '.', '_' and '-' only`},
		{"empty option Name", func(b *topology.Builder) string {
			in(b).Peek(func(_, _ string) {}, topology.Name(""))
			return line(-1)
		}, "peek: the option Name needs a name"},
		{"no partitions", func(b *topology.Builder) string {
			topology.Repartition(in(b), "spread", topology.Partitions(0))
			return line(-1)
		}, "repartition: the option Partitions needs a number above 0"},
		{"partitions without a topic", func(b *topology.Builder) string {
			topology.GroupByKey(in(b), topology.Partitions(3))
			return line(-1)
		}, "group-by-key: Partitions is for a repartition topic, and the keys have not changed: use Repartition"},
		{"serde registered twice", func(b *topology.Builder) string {
			topology.Register(b, serde.JSON[event]())
			topology.Register(b, serde.JSON[event]())
			return line(-1)
		}, "a serde for topology_test.event is registered already"},
		{"two builders", func(b *topology.Builder) string {
			in(b).Merge(in(topology.New()))
			return line(-1)
		}, "merge: the streams belong to different builders"},
		{"illegal topic", func(b *topology.Builder) string {
			topology.To(in(b), "out put")
			return line(-1)
		}, `"out put" is no legal topic name`},
		{"store that nothing uses", func(b *topology.Builder) string {
			in(b)
			topology.NewStore[string, string](b, "idle")
			return line(-1)
		}, `no operator uses store "idle": attach it with the option With`},
		{"store of another builder", func(b *topology.Builder) string {
			s := topology.NewStore[string, int64](topology.New(), "foreign")
			topology.Process(in(b), func(processor.Context) failingProcessor { return failingProcessor{} }, topology.With(s))
			return line(-1)
		}, `process-1 uses store "foreign", which this topology does not have`},
		{"serde that cannot be bound to the topic", func(b *topology.Builder) string {
			topology.To(in(b), "out", topology.ValueSerde[string](unbindable{}))
			return line(-1)
		}, "sink: topic out: refused"},
		{"serde of a table without a store", func(b *topology.Builder) string {
			topology.Table[string, string](b, "in", "rows").Filter(even, topology.ValueSerde(serde.String))
			return line(-1)
		}, "filter takes option ValueSerde for its store only: give it the option Stored too"},
		{"table's function is nil", func(b *topology.Builder) string {
			topology.MapTable[string, string, string](topology.Table[string, string](b, "in", "rows"), nil)
			return line(-1)
		}, "map-table: the function is nil"},
		{"table without a name", func(b *topology.Builder) string {
			topology.ToTable(in(b), "")
			return line(-1)
		}, "a store needs a name: its topic is named after it"},
		{"partitions of a table that needs no topic", func(b *topology.Builder) string {
			topology.ToTable(in(b), "rows", topology.Partitions(2))
			return line(-1)
		}, "to-table: Partitions is for a repartition topic, and the keys have not changed: use Repartition"},
		{"cogroup with an incomplete aggregation", func(b *topology.Builder) string {
			topology.Into(topology.GroupByKey(in(b)), aggregate.Aggregation[string, string, string]{})
			return line(-1)
		}, "into: the aggregation needs Init, Add and Result"},
		{"cogroup over builders", func(b *topology.Builder) string {
			other := topology.Into(topology.GroupByKey(in(topology.New())), aggregate.Count[string]())
			topology.Cogroup(topology.Into(topology.GroupByKey(in(b)), aggregate.Count[string]()).And(other), "counts")
			return line(-1)
		}, "cogroup: the groups belong to different builders"},
		{"aggregation of a table without Remove", func(b *topology.Builder) string {
			topology.Aggregate(regrouped(b), "longest", aggregate.Max(func(v string) int { return len(v) }))
			return line(-1)
		}, `aggregate: a row of a table is taken out of its group when it changes, which needs Remove, and the aggregation "max" has none`},
		{"reduction of a table without Subtract", func(b *topology.Builder) string {
			topology.Reduce(regrouped(b), "joined", key)
			return line(-1)
		}, "reduce: a row of a table is taken out of its group when it changes, which needs the option Subtract"},
		{"Subtract of another type", func(b *topology.Builder) string {
			topology.Reduce(regrouped(b), "joined", key, topology.Subtract(func(a, _ int64) int64 { return a }))
			return line(-1)
		}, "reduce: the values are string and the function of Subtract takes int64"},
		{"Subtract of nothing", func(b *topology.Builder) string {
			topology.Reduce(regrouped(b), "joined", key, topology.Subtract[string](nil))
			return line(-1)
		}, "reduce: the function of Subtract is nil"},
		{"Subtract on a stream", func(b *topology.Builder) string {
			topology.Reduce(topology.GroupByKey(in(b)), "rows", key, topology.Subtract(key))
			return line(-1)
		}, "reduce: Subtract is for grouped tables: what a stream has put in stays"},
		{"group without a serde", func(b *topology.Builder) string {
			topology.Count(topology.GroupTable(topology.Table[string, string](b, "in", "rows"),
				func(_, row string) (p topology.Pair[string, event]) { return p }), "counts")
			return line(-2)
		}, "group-table: value: no serde for topology_test.event: register one before with " +
			"topology.Register(b, serde.JSON[topology_test.event]()), or give it as an option"},
		{"versioned table with a time to live", func(b *topology.Builder) string {
			topology.ToTable(in(b), "rows", topology.Versioned(ms), topology.TTL(ms))
			return line(-1)
		}, "to-table: the options TTL and Versioned exclude each other: versions go by their history"},
		{"two equal names", func(b *topology.Builder) string {
			topology.Count(topology.GroupBy(in(b), key), "counts")
			topology.Count(topology.GroupBy(topology.Stream[string, string](b, "more"), key), "counts")
			return line(-1)
		}, `the name "counts" is also given at ` + line(-3)},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := topology.New()
			at := c.make(b)
			_, err := b.Build()
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(err.Error(), at+": "+c.want); diff != "" {
				t.Error(diff)
			}
			if _, again := b.Build(); again == nil || again.Error() != err.Error() {
				t.Errorf("the second build reports %v", again)
			}
		})
	}
}

type unbindable struct{ refusing }

func (unbindable) ForTopic(string, serde.Role) (serde.Serde[string], error) { return nil, errTest }

func TestAllErrorsComeOutTogether(t *testing.T) {
	b := topology.New()
	in := topology.Stream[string, event](b, "in")
	topology.To(topology.MapValues[string, event, string](in, nil), "out", topology.Partitions(1))
	_, err := b.Describe()
	if err == nil {
		t.Fatal("no error")
	}
	if lines := strings.Split(err.Error(), "\n"); len(lines) != 3 {
		t.Errorf("%d errors: %v", len(lines), err)
	}
}

func TestLoopIsAllowedOnDemandOnly(t *testing.T) {
	for _, source := range []func(b *topology.Builder) stream{
		func(b *topology.Builder) stream { return topology.Stream[string, string](b, "in") },
		func(b *topology.Builder) stream { return topology.StreamPattern[string, string](b, "i.") },
	} {
		b := topology.New()
		topology.To(source(b), "in")
		_, err := b.Build()
		if err == nil || !strings.HasPrefix(err.Error(), line(-2)+": topic in is read at topology/errors_test.go:") {
			t.Errorf("got %v", err)
		}
	}
	b := topology.New()
	topology.To(topology.Stream[string, string](b, "in"), "in", topology.AllowLoop())
	if _, err := b.Build(); err != nil {
		t.Error(err)
	}
}

func TestStoreThatIsNotAttachedCannotBeOpened(t *testing.T) {
	b := topology.New()
	s := topology.NewStore[string, string](b, "s")
	in := topology.Stream[string, string](b, "in")
	topology.Process(in, func(processor.Context) failingProcessor { return failingProcessor{} }, topology.With(s))
	var recovered any
	topology.Process(in, func(ctx processor.Context) failingProcessor {
		defer func() { recovered = recover() }()
		s.Open(ctx)
		return failingProcessor{}
	}, topology.Name("other"))
	run(t, b)
	if err, ok := recovered.(error); !ok || !strings.Contains(err.Error(), "store s is not attached to node other") {
		t.Errorf("panicked with %v", recovered)
	}
}
