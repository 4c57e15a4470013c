package topology_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
)

// router forwards to its main output what begins with a letter below "m", its
// length to sizes, and what is empty to both.
type router struct {
	sizes processor.Output[int64, string]
	texts processor.Output[string, string]
}

func (p *router) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
	switch {
	case !r.HasValue:
		return p.texts.Forward(r)
	case r.Value == "":
		if err := out.Forward(r); err != nil {
			return err
		}
		return p.sizes.Forward(processor.NewRecord(int64(0), "empty", r.Time+1))
	case r.Value < "m":
		return out.Forward(r)
	}
	return p.sizes.Forward(processor.Record[int64, string]{
		Key: int64(len(r.Value)), Value: r.Value, Time: r.Time, Headers: r.Headers, HasKey: true, HasValue: true,
	})
}

func TestProcessorForwardsToOneChildOrSeveral(t *testing.T) {
	b := topology.New()
	sizes := topology.NewChild[int64, string](b, "sizes")
	texts := topology.NewChild[string, string](b, "texts")
	unread := topology.NewChild[string, string](b, "unread")
	main := topology.Process(topology.Stream[string, string](b, "in"), func(ctx processor.Context) *router {
		return &router{sizes.Open(ctx), texts.Open(ctx)}
	}, topology.With(sizes, texts, unread), topology.Name("route"))
	topology.To(main, "main")
	topology.To(topology.SelectKey(sizes.Stream(), func(n int64, v string) string { return strings.Repeat("x", int(n)) }), "sizes")
	topology.To(texts.Stream(), "texts")
	r := run(t, b)
	r.want("k=a@1", "main k=a@1")
	r.want("k=zz@2", "sizes xx=zz@2")
	r.want("k=@3", "main k=@3, sizes =empty@4")
	r.want("k=~@4", "texts k=~@4")
	text := r.graph.Describe()
	for _, want := range []string{" route ", " route.sizes ", " route.texts "} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

// The keys of a child are its Processor's choice.
func TestChildIsRepartitionedBeforeAnAggregation(t *testing.T) {
	b := topology.New()
	sizes := topology.NewChild[int64, string](b, "sizes")
	topology.Process(topology.Stream[string, string](b, "in"), func(ctx processor.Context) *router {
		return &router{sizes: sizes.Open(ctx)}
	}, topology.With(sizes))
	topology.To(topology.Count(topology.GroupByKey(sizes.Stream()), "counts").ToStream(), "out")
	if n := len(run(t, b).graph.Subtopologies); n != 2 {
		t.Errorf("%d subtopologies", n)
	}
}

func TestErrorBehindAChildNamesItsNode(t *testing.T) {
	b := topology.New()
	sizes := topology.NewChild[int64, string](b, "sizes")
	topology.Process(topology.Stream[string, string](b, "in"), func(ctx processor.Context) *router {
		return &router{sizes: sizes.Open(ctx)}
	}, topology.With(sizes))
	sizes.Stream().ForEachErr(func(int64, string) error { return errTest }, topology.Name("behind"))
	var failed *processor.Error
	if err := run(t, b).try("in", "k=z@1"); !errors.As(err, &failed) || failed.Node != "behind" {
		t.Errorf("got %v", err)
	}
}

func TestMisusedChildrenAreErrorsAtBuild(t *testing.T) {
	pass := func(processor.Context) *router { return &router{} }
	for _, c := range []struct {
		name  string
		build func(b *topology.Builder) string
		want  string
	}{
		{"never attached", func(b *topology.Builder) string {
			topology.NewChild[string, string](b, "late")
			return line(-1)
		}, `no Processor uses child "late": attach it with the option With`},
		{"read before it is attached", func(b *topology.Builder) string {
			late := topology.NewChild[string, string](b, "late")
			topology.To(late.Stream(), "late")
			at := line(-1)
			topology.Process(topology.Stream[string, string](b, "more"), pass, topology.With(late))
			return at
		}, `child "late": Stream is called before it is attached to a Processor`},
		{"attached twice", func(b *topology.Builder) string {
			late, in := topology.NewChild[string, string](b, "late"), topology.Stream[string, string](b, "more")
			topology.Process(in, pass, topology.With(late))
			topology.Process(in, pass, topology.With(late))
			return line(-1)
		}, `process: child "late" is attached at ` + "topology/child_test.go"},
		{"two of one name", func(b *topology.Builder) string {
			late := topology.NewChild[string, string](b, "late")
			topology.Process(topology.Stream[string, string](b, "more"), pass, topology.With(late, topology.NewChild[int64, int64](b, "late")))
			return line(-1)
		}, `process: two children are called "late": those made at ` + line(-3) + " and " + line(-2)},
		{"of another builder", func(b *topology.Builder) string {
			late := topology.NewChild[string, string](topology.New(), "late")
			topology.Process(topology.Stream[string, string](b, "more"), pass, topology.With(late))
			return line(-1)
		}, `process: child "late" belongs to another builder`},
		{"without name", func(b *topology.Builder) string {
			late := topology.NewChild[string, string](b, "")
			at := line(-1)
			topology.Process(topology.Stream[string, string](b, "more"), pass, topology.With(late))
			return at
		}, "a child needs a name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := topology.New()
			topology.Stream[string, string](b, "in").ForEach(func(_, _ string) {})
			at := c.build(b)
			_, err := b.Build()
			if err == nil || !strings.HasPrefix(err.Error(), at+": "+c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got  %v\nwant %s: %s", err, at, c.want)
			}
		})
	}
}

func TestChildIsOpenedWhereTheProcessorIsMade(t *testing.T) {
	b := topology.New()
	late := topology.NewChild[string, string](b, "late")
	in := topology.Stream[string, string](b, "in")
	var kept processor.Context
	topology.Process(in, func(ctx processor.Context) *router {
		kept = ctx
		return &router{}
	}, topology.With(late))
	run(t, b)
	defer func() {
		if err, ok := recover().(error); !ok || !strings.Contains(err.Error(), "child late: open it in the function that makes the Processor") {
			t.Errorf("recovered %v", err)
		}
	}()
	late.Open(kept)
}

// lengths forwards the lengths of values, a null for an empty one, and what it
// kept of the last record if it is told so.
type lengths struct {
	kept    processor.ValueOutput[int64]
	started bool
	closed  *int
}

func (p *lengths) Init() error  { p.started = true; return nil }
func (p *lengths) Close() error { *p.closed++; return nil }

func (p *lengths) Process(r processor.Record[string, string], out processor.ValueOutput[int64]) error {
	p.kept = out
	switch {
	case !p.started:
		return errTest
	case r.Value == "twice":
		if err := out.ForwardAt(processor.Some(int64(1)), r.Time+10, nil); err != nil {
			return err
		}
		return out.ForwardAt(processor.Maybe[int64]{}, r.Time+20, r.Headers)
	case r.Value == "":
		return out.ForwardNull()
	}
	return out.Forward(int64(len(r.Value)))
}

func TestProcessValuesKeepsKeys(t *testing.T) {
	b := topology.New()
	closed := 0
	in := topology.Stream[string, string](b, "in")
	var made *lengths
	counts := topology.ProcessValues(in, func(processor.Context) *lengths {
		made = &lengths{closed: &closed}
		return made
	}, topology.Name("lengths"))
	topology.To(topology.MapValues(counts, func(n int64) string { return strings.Repeat("x", int(n)) }), "out")
	topology.Count(topology.GroupByKey(counts), "counted")
	r := run(t, b)
	if n := len(r.graph.Subtopologies); n != 1 {
		t.Errorf("%d subtopologies: the keys are what they were", n)
	}
	r.want("k=abc@1", "out k=xxx@1")
	r.want("~=ab@2", "out ~=xx@2")
	r.want("k=~@3", "out k=~@3")
	r.headers = nil
	r.want("k=twice@4", "out k=x@14, out k=~@24")
	if len(r.headers[0]) != 0 || len(r.headers[1]) != 1 {
		t.Errorf("headers %v", r.headers)
	}
	if err := made.kept.Forward(1); err == nil || !strings.Contains(err.Error(), "outside of Process") {
		t.Errorf("forwarded without a record: %v", err)
	}
	if err := r.tasks[0].Close(); err != nil || closed != 1 {
		t.Errorf("closed %d times, error %v", closed, err)
	}
}
