package topology_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/task"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
)

// fill gives records, written as for send, to a global table, with offsets from
// 0, until they are done or one fails. It returns how long it was asked to wait.
func (r *rig) fill(table string, partition int32, records ...string) (waited time.Duration, err error) {
	r.Helper()
	var ins []graph.Input
	for i, record := range records {
		in := parse(record)
		in.Offset = int64(i)
		ins = append(ins, in)
	}
	for len(ins) > 0 && err == nil {
		var n int
		var wait time.Duration
		n, wait, err = r.globals[table].Apply(partition, ins, state.Position{Next: 1})
		waited += wait
		ins = ins[n:]
	}
	return waited, err
}

func (r *rig) mustFill(table string, partition int32, records ...string) {
	r.Helper()
	if _, err := r.fill(table, partition, records...); err != nil {
		r.Fatal(err)
	}
}

// lookup replaces values by what a table has under them.
type lookup struct {
	ctx   processor.Context
	table state.ReadOnly[string, string]
}

func (p lookup) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
	v, ms, ok, err := p.table.GetWithTime(r.Value)
	if err != nil {
		return err
	}
	if one, again, err := p.table.Get(r.Value); one != v || again != ok || err != nil {
		return fmt.Errorf("Get returns %q, %v, %v", one, again, err)
	}
	r.Value = fmt.Sprintf("%s %d %v", v, ms, ok)
	if r.Key == "all" {
		r.Value = ""
		for k, v := range p.table.All() {
			r.Value += k + v + " "
		}
	}
	if from, to, ok := strings.Cut(r.Key, "-"); ok {
		r.Value = ""
		for k := range p.table.Range(from, to) {
			r.Value += k
			if k == "stop" {
				break
			}
		}
	}
	if err := p.table.ScanErr(); err != nil {
		return err
	}
	return out.Forward(r)
}

// lookups is a topology that looks values up in the table "countries".
func lookups(opts ...topology.Option) *topology.Builder {
	b := topology.New()
	table := topology.GlobalTable[string, string](b, "countries-topic", "countries", opts...)
	in := topology.Stream[string, string](b, "in")
	topology.To(topology.Process(in, func(ctx processor.Context) lookup { return lookup{ctx, table.Open(ctx)} }, topology.With(table)), "out")
	return b
}

func TestProcessorReadsAGlobalTable(t *testing.T) {
	r := run(t, lookups())
	r.want("k=at@1", "out k= 0 false@1")
	r.mustFill("countries", 0, "at=Austria@5", "fr=France@6")
	r.mustFill("countries", 3, "ch=Switzerland@7", "stop=@8")
	r.want("k=at@2", "out k=Austria 5 true@2")
	r.want("k=ch@3", "out k=Switzerland 7 true@3")
	r.want("k=stop@3", "out k= 8 true@3") // an empty value is one
	r.want("all=@4", "out all=atAustria chSwitzerland frFrance stop @4")
	r.want("b-g=@5", "out b-g=chfr@5")
	r.want("g-b=@5", "out g-b=@5")
	r.want("s-z=@5", "out s-z=stop@5")
	r.mustFill("countries", 0, "at=Österreich@4", "fr=~@9") // times decide nothing
	r.want("k=at@6", "out k=Österreich 4 true@6")
	r.want("k=fr@7", "out k= 0 false@7")
}

func TestGlobalTableDropsNullKeysAndInvalidTimes(t *testing.T) {
	r := run(t, lookups(topology.Timestamps(func(r processor.Record[string, string], partitionTime int64) (int64, error) {
		switch r.Value {
		case "same":
			return partitionTime, nil
		case "never":
			return -1, nil
		}
		return r.Time * 2, nil
	})))
	r.mustFill("countries", 0, "~=nobody@1", "a=first@5", "b=same@3", "c=never@3", "~=~@1")
	r.mustFill("countries", 1, "d=other@1", "e=same@1")
	r.want("k=b@1", "out k=same 10 true@1")
	r.want("k=e@1", "out k=same 2 true@1")
	r.want("k=c@1", "out k= 0 false@1")
	g := r.globals["countries"]
	if g.NullKey.Load() != 2 || g.NegativeTime.Load() != 1 || g.Skipped.Load() != 0 {
		t.Errorf("dropped %d with a null key, %d with a negative time, %d skipped", g.NullKey.Load(), g.NegativeTime.Load(), g.Skipped.Load())
	}
	if g.Time(0) != 10 || g.Time(1) != 2 || g.Time(2) != -1 {
		t.Errorf("partition times %d, %d, %d", g.Time(0), g.Time(1), g.Time(2))
	}
}

// flaky is a serde of strings that cannot decode "garbage", nor anything while
// it fails.
type flaky struct{ fails int }

func (f *flaky) Append(dst []byte, s string) ([]byte, error) { return append(dst, s...), nil }

func (f *flaky) Decode(b []byte) (string, error) {
	if f.fails > 0 {
		f.fails--
		return "", errors.New("the registry is away")
	}
	switch string(b) {
	case "garbage":
		return "", errors.New("garbage")
	case "panic":
		panic("no")
	}
	return string(b), nil
}

func TestRecordsThatGlobalTablesCannotDecodeFollowTheirPolicy(t *testing.T) {
	replace := func(e *processor.Error) processor.Decision {
		if e.Attempt < 3 {
			return processor.Decision{Action: processor.Replace, Key: []byte("b"), Value: []byte("garbage")}
		}
		return processor.Decision{Action: processor.Replace, Key: []byte("c"), Value: []byte("good")}
	}
	for name, c := range map[string]struct {
		policy processor.Policy
		rows   string
		told   string
		waited time.Duration
		err    string
	}{
		"fail": {processor.Policy{}, "a1 ", "fail #1", 0,
			"decode: node countries: topic countries-topic partition 2 offset 1: value: garbage (check the topic's serdes, or set a decode policy)"},
		"skip":              {processor.Policy{Then: processor.Skip}, "a1 z9 ", "skip #1", 0, ""},
		"dead letter skips": {processor.Policy{Then: processor.DeadLetter}, "a1 z9 ", "skip #1", 0, ""},
		"null value":        {processor.Policy{Then: processor.NullValue}, "z9 ", "null_value #1", 0, ""},
		"retry, then skip": {processor.Policy{Retries: 2, Backoff: time.Second, Then: processor.Skip}, "a1 z9 ",
			"retry #1, retry #2, skip #3", 3 * time.Second, ""},
		"replace": {processor.Policy{Decide: replace}, "a1 cgood z9 ", "replace #1, replace #2, replace #3", 0, ""},
		"replace by null": {processor.Policy{Decide: func(*processor.Error) processor.Decision {
			return processor.Decision{Action: processor.Replace, Key: []byte("a")}
		}}, "z9 ", "replace #1", 0, ""},
		"policy panics": {processor.Policy{Decide: func(*processor.Error) processor.Decision { panic("undecided") }}, "a1 ", "fail #1", 0,
			"Policy.Decide: panic: undecided"},
		"no action": {processor.Policy{Decide: func(*processor.Error) processor.Decision {
			return processor.Decision{Action: 77}
		}}, "a1 ", "fail #1", 0, "action(77) is no action"},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, lookups(topology.ValueSerde(&flaky{}), topology.OnDecodeError(c.policy)))
			waited, err := r.fill("countries", 2, "a=1@1", "a=garbage@2", "z=9@3")
			if got := fmt.Sprint(err); c.err == "" && err != nil || !strings.Contains(got, c.err) {
				t.Errorf("error %s", got)
			}
			if got := strings.Join(r.failed, ", "); got != c.told || waited != c.waited {
				t.Errorf("told %q, waited %s", got, waited)
			}
			r.want("all=@1", "out all="+c.rows+"@1")
			if skipped := r.globals["countries"].Skipped.Load(); skipped == 1 != strings.Contains(c.told, "skip") {
				t.Errorf("%d skipped", skipped)
			}
		})
	}
}

func TestKeyThatCannotBeDecodedIsNoNullValue(t *testing.T) {
	r := run(t, lookups(topology.KeySerde(&flaky{}), topology.OnDecodeError(processor.Policy{Then: processor.NullValue})))
	_, err := r.fill("countries", 0, "garbage=1@1")
	var e *processor.Error
	if !errors.As(err, &e) || e.Attempt != 2 || !strings.Contains(err.Error(), "key: garbage (the record cannot be decoded with a null value either)") {
		t.Error(err)
	}
	_, err = r.fill("countries", 1, "panic=1@1")
	if !errors.As(err, &e) || e.Stack == nil {
		t.Error(err)
	}
}

func TestRetriedRecordOfAGlobalTableIsApplied(t *testing.T) {
	serde := &flaky{fails: 2}
	r := run(t, lookups(topology.ValueSerde(serde), topology.OnDecodeError(processor.Policy{Retries: 5})))
	if waited, err := r.fill("countries", 0, "a=1@1", "b=2@2"); err != nil || waited != 300*time.Millisecond {
		t.Errorf("waited %s, error %v", waited, err)
	}
	r.want("all=@1", "out all=a1 b2 @1")
}

func TestRecordsMayBeAppliedAgain(t *testing.T) {
	r := run(t, lookups())
	records := []string{"a=1@1", "b=1@2", "a=~@3", "c=1@4", "c=2@5", "b=~@6", "b=3@7"}
	r.mustFill("countries", 0, records...)
	for from := range records {
		r.mustFill("countries", 0, records[from:]...)
		r.want("all=@1", "out all=b3 c2 @1")
	}
}

// ignored is the input of a node that does nothing.
type ignored struct{}

func (ignored) Receive(string, string, *graph.Meta) error { return nil }

func TestViewOfAGlobalTable(t *testing.T) {
	b := topology.New()
	h := topology.GlobalTable[string, string](b, "countries-topic", "countries").Graph()
	in := topology.Stream[string, string](b, "in").Graph()
	var view graph.Getter[string, string]
	n := in.Builder.Operator("look-up", in, &graph.Options{})
	n.Globals = []string{h.Global.Name}
	n.New = func(tk graph.Task, _ []any) (_ []any, err error) {
		view, err = h.View().Open(tk)
		return []any{graph.Receiver[string, string](ignored{})}, err
	}
	r := run(t, b)
	r.mustFill("countries", 0, "at=Austria@5")
	if v, ms, ok, err := view.Get("at"); v != "Austria" || ms != 5 || !ok || err != nil {
		t.Errorf("%q at %d, %v, %v", v, ms, ok, err)
	}
	n.Globals = nil
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	_, err = task.New(task.Config{Sub: g.Subtopologies[0]})
	if err == nil || !strings.Contains(err.Error(), "task 0_0 does not read global table countries") {
		t.Error(err)
	}
}

type place struct {
	Country, City string
}

func TestKeysOfGlobalTablesAreFoundHoweverTheyWereWritten(t *testing.T) {
	b := topology.New()
	topology.Register(b, serde.JSON[place]())
	table := topology.GlobalTable[place, string](b, "places", "places")
	in := topology.Stream[string, string](b, "in")
	topology.To(topology.Process(in, func(ctx processor.Context) finder { return finder{table.Open(ctx)} }, topology.With(table)), "out")
	r := run(t, b)
	r.mustFill("places", 0, `{ "City": "Linz", "Country": "at" }=Danube@1`)
	r.want("k=Linz@1", "out k=Danube@1")
	if h := table.Graph(); h.KeySerde == nil || h.ValueSerde == nil || h.Global.Topic() != "places" {
		t.Errorf("%+v", h)
	}
}

type finder struct{ table state.ReadOnly[place, string] }

func (p finder) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
	v, _, err := p.table.Get(place{"at", r.Value})
	r.Value = v
	return errors.Join(err, out.Forward(r))
}

func TestGlobalTablesAreDescribed(t *testing.T) {
	b := lookups()
	topology.GlobalTable[int64, string](b, "in", "unused") // the topic of a stream, read by nobody
	got, err := b.Describe()
	if err != nil {
		t.Fatal(err)
	}
	const want = `subtopology 0
  source-1   source   in         string, string  serdes string, string
  process-1  process  source-1   string, string  global tables countries
  sink-1     sink     process-1  string, string  -> out; serdes string, string

global tables
  countries  countries-topic  string, string  serdes string, string
  unused     in               int64, string   serdes int64, string
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	s := g.Status()
	if len(s.Globals) != 2 || s.Globals[0].Topic != "countries-topic" || s.Subtopologies[0].Nodes[1].Globals[0] != "countries" {
		t.Errorf("%+v", s.Globals)
	}
	if subs := g.Subtopologies; len(subs) != 1 || len(subs[0].Globals) != 1 || subs[0].Globals[0] != g.Global("countries") {
		t.Errorf("globals of the subtopology: %v", subs[0].Globals)
	}
}

func TestMistakesWithGlobalTables(t *testing.T) {
	in := func(b *topology.Builder) stream { return topology.Stream[string, string](b, "in") }
	for _, c := range []struct {
		name string
		make func(b *topology.Builder) (at string)
		want string
	}{
		{"name of a store", func(b *topology.Builder) string {
			topology.Count(topology.GroupByKey(in(b)), "rows")
			topology.GlobalTable[string, string](b, "t", "rows")
			return line(-1)
		}, `the name "rows" is also given at topology/global_test.go:`},
		{"store with its name", func(b *topology.Builder) string {
			topology.GlobalTable[string, string](b, "t", "rows")
			topology.Count(topology.GroupByKey(in(b)), "rows")
			return line(-1)
		}, `the name "rows" is also given at topology/global_test.go:`},
		{"name given twice", func(b *topology.Builder) string {
			topology.GlobalTable[string, string](b, "t", "rows")
			topology.GlobalTable[string, string](b, "u", "rows")
			return line(-1)
		}, `the name "rows" is also given at topology/global_test.go:`},
		{"no name", func(b *topology.Builder) string {
			topology.GlobalTable[string, string](b, "t", "")
			return line(-1)
		}, "a global table needs a name"},
		{"illegal topic", func(b *topology.Builder) string {
			in(b)
			topology.GlobalTable[string, string](b, "a topic", "rows")
			return line(-1)
		}, `"a topic" is no legal topic name`},
		{"wall clock", func(b *topology.Builder) string {
			topology.GlobalTable[string, string](b, "t", "rows", topology.WallClockTime())
			return line(-1)
		}, "global-table: WallClockTime makes no sense here"},
		{"no serde", func(b *topology.Builder) string {
			topology.GlobalTable[string, event](b, "t", "rows")
			return line(-1)
		}, "global-table: value: no serde for topology_test.event"},
		{"option of streams", func(b *topology.Builder) string {
			topology.GlobalTable[string, string](b, "t", "rows", topology.FromLatest())
			return line(-1)
		}, "global-table does not take option From..."},
		{"table of another topology", func(b *topology.Builder) string {
			other := topology.GlobalTable[string, string](topology.New(), "t", "rows")
			topology.Process(in(b), func(processor.Context) lookup { return lookup{} }, topology.With(other))
			return line(-1)
		}, `process-1 uses global table "rows", which this topology does not have`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := topology.New()
			at := c.make(b)
			_, err := b.Build()
			if err == nil || !strings.Contains(err.Error(), at+": "+c.want) {
				t.Errorf("%s: want %q, got %v", at, c.want, err)
			}
		})
	}
}

func TestOpenOfAGlobalTableThatIsNotAttached(t *testing.T) {
	b := topology.New()
	table := topology.GlobalTable[string, string](b, "t", "rows")
	topology.Process(topology.Stream[string, string](b, "in"), func(ctx processor.Context) lookup { return lookup{ctx, table.Open(ctx)} })
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	_, err = task.New(task.Config{Sub: g.Subtopologies[0], Topics: map[*graph.Node][]string{g.Nodes[0]: {"in"}}})
	if err == nil || !strings.Contains(err.Error(), "global table rows is not attached to node process-1: give the node the option With") {
		t.Error(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a foreign context is accepted")
		}
	}()
	table.Open(nil)
}
