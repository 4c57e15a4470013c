package topology_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
)

type (
	stream = topology.KStream[string, string]
	pair   = topology.Pair[string, string]
)

var errTest = errors.New("refused")

// failing returns value in upper case, or an error or null if asked to.
func failing(value string) (string, error) {
	switch value {
	case "fail":
		return "", errTest
	case "null":
		return "ignored", processor.Null
	}
	return strings.ToUpper(value), nil
}

// Every operator gets the same records: a plain one, one with a null value,
// one with a null key, one with a null value as its function asks for, and one
// that fails.
func TestStatelessOperators(t *testing.T) {
	for _, c := range []struct {
		name    string
		build   func(in stream) stream
		plain   string // k=v@1
		noValue string // k=~@2
		noKey   string // ~=v@3
		null    string // k=null@4
		drops   string
	}{
		{
			"MapValues",
			func(in stream) stream { return topology.MapValuesErr(in, failing) },
			"out k=V@1", "out k=~@2", "out ~=V@3", "out k=~@4", "",
		}, {
			"FlatMapValues",
			func(in stream) stream {
				return topology.FlatMapValuesErr(in, func(v string) ([]string, error) {
					v, err := failing(v)
					return []string{v, v + v}, err
				})
			},
			"out k=V@1, out k=VV@1", "", "out ~=V@3, out ~=VV@3", "out k=~@4", "flat-map-values-1 null_value 1",
		}, {
			"Map",
			func(in stream) stream {
				return topology.MapErr(in, func(k, v string) (string, string, error) {
					v, err := failing(v)
					return "<" + k + ">", v, err
				})
			},
			"out <k>=V@1", "", "out <>=V@3", "out <k>=~@4", "map-1 null_value 1",
		}, {
			"FlatMap",
			func(in stream) stream {
				return topology.FlatMapErr(in, func(k, v string) ([]pair, error) {
					if v == "null" {
						return nil, nil
					}
					v, err := failing(v)
					return []pair{{k + "1", v}, {k + "2", v}}, err
				})
			},
			"out k1=V@1, out k2=V@1", "", "out 1=V@3, out 2=V@3", "", "flat-map-1 null_value 1",
		}, {
			"SelectKey",
			func(in stream) stream {
				return topology.SelectKeyErr(in, func(_, v string) (string, error) { return failing(v) })
			},
			"out V=v@1", "out ~=~@2", "out V=v@3", "out ~=null@4", "",
		}, {
			"Filter",
			func(in stream) stream {
				return in.FilterErr(func(_, v string) (bool, error) {
					if v == "fail" {
						return true, errTest
					}
					return v == "v", nil
				})
			},
			"out k=v@1", "", "out ~=v@3", "", "filter-1 null_value 1",
		}, {
			"FilterNot",
			func(in stream) stream {
				return in.FilterNotErr(func(_, v string) (bool, error) {
					if v == "fail" {
						return false, errTest
					}
					return v == "null", nil
				})
			},
			"out k=v@1", "", "out ~=v@3", "", "filter-not-1 null_value 1",
		}, {
			"Peek",
			func(in stream) stream {
				return in.PeekErr(func(_, v string) error {
					if v == "fail" {
						return errTest
					}
					return nil
				})
			},
			"out k=v@1", "out k=~@2", "out ~=v@3", "out k=null@4", "",
		}, {
			"Split",
			func(in stream) stream {
				return in.Split().BranchErr("most", func(_, v string) (bool, error) {
					if v == "fail" {
						return false, errTest
					}
					return v != "null", nil
				})
			},
			"out k=v@1", "", "out ~=v@3", "", "split-1 null_value 1, split-1 no_branch 1",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := topology.New()
			topology.To(c.build(topology.Stream[string, string](b, "in")), "out")
			r := run(t, b)
			r.want("k=v@1", c.plain)
			r.want("k=~@2", c.noValue)
			r.want("~=v@3", c.noKey)
			r.want("k=null@4", c.null)
			for _, h := range r.headers {
				if len(h) != 1 || h[0].Key != "h" {
					t.Errorf("headers %v", h)
				}
			}
			if got := r.drops(); got != c.drops {
				t.Errorf("dropped %q, want %q", got, c.drops)
			}
			var failed *processor.Error
			if err := r.try("in", "k=fail@5"); !errors.As(err, &failed) || !errors.Is(err, errTest) {
				t.Fatalf("got error %v", err)
			}
			if failed.Class != processor.Process || !strings.HasSuffix(failed.Node, "-1") {
				t.Errorf("class %s in node %q", failed.Class, failed.Node)
			}
		})
	}
}

func TestPlainFormsDoTheSame(t *testing.T) {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	var seen []string
	note := func(k, v string) { seen = append(seen, k+v) }
	topology.To(topology.MapValues(in, strings.ToUpper), "values")
	topology.To(topology.FlatMapValues(in, strings.Fields), "fields")
	topology.To(topology.Map(in, func(k, v string) (string, string) { return v, k }), "swapped")
	topology.To(topology.FlatMap(in, func(k, v string) []pair { return []pair{{v, k}} }), "flat")
	topology.To(topology.SelectKey(in, func(_, v string) string { return v }), "keyed")
	topology.To(in.Filter(func(k, _ string) bool { return k == "k" }).Peek(note), "kept")
	topology.To(in.FilterNot(func(k, _ string) bool { return k == "k" }), "dropped")
	topology.To(in.FilterNot(func(_, v string) bool { return v == "k" }), "kept-too")
	in.ForEach(note)
	r := run(t, b)
	r.want("k=a b@1", "values k=A B@1, fields k=a@1, fields k=b@1, swapped a b=k@1, flat a b=k@1, keyed a b=a b@1, kept k=a b@1, kept-too k=a b@1")
	if got := strings.Join(seen, ","); got != "ka b,ka b" {
		t.Errorf("Peek and ForEach saw %q", got)
	}
}

func TestPeekAndForEachAreNotCalledForNulls(t *testing.T) {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	calls := 0
	topology.To(in.Peek(func(_, _ string) { calls++ }), "out")
	in.ForEachErr(func(_, _ string) error { calls++; return errTest })
	r := run(t, b)
	r.want("k=~@1", "out k=~@1")
	if calls != 0 {
		t.Errorf("%d calls", calls)
	}
	if err := r.try("in", "k=v@2"); !errors.Is(err, errTest) || calls != 2 {
		t.Errorf("%d calls, error %v", calls, err)
	}
}

func TestMergeKeepsBoth(t *testing.T) {
	b := topology.New()
	left, right := topology.Stream[string, string](b, "in"), topology.Stream[string, string](b, "right")
	low := left.Filter(func(_, v string) bool { return v < "m" })
	topology.To(low.Merge(topology.MapValues(right, strings.ToUpper)), "out")
	r := run(t, b)
	r.want("k=a@1", "out k=a@1")
	r.want("k=z@2", "")
	r.send("right", "k=z@3")
	if got := r.took(); got != "out k=Z@3" {
		t.Errorf("right side: %q", got)
	}
	if n := len(r.graph.Subtopologies); n != 1 {
		t.Errorf("%d subtopologies", n)
	}
}

func TestWithNullsShowsThem(t *testing.T) {
	b := topology.New()
	in := topology.WithNulls(topology.Stream[string, string](b, "in"))
	topology.To(in, "same") // a null is written for a Maybe that is not OK
	filled := topology.MapValues(in, func(m processor.Maybe[string]) processor.Maybe[string] {
		return processor.Maybe[string]{Value: "was " + m.Value, OK: !m.OK}
	})
	topology.To(topology.Values(filled), "out")
	r := run(t, b)
	r.want("k=v@1", "same k=v@1, out k=~@1")
	r.want("k=~@2", "same k=~@2, out k=was @2")
}

func TestSourceOfMaybeSeesNulls(t *testing.T) {
	b := topology.New()
	in := topology.Stream[processor.Maybe[string], processor.Maybe[string]](b, "in")
	topology.To(topology.Map(in, func(k, v processor.Maybe[string]) (processor.Maybe[string], processor.Maybe[string]) {
		return v, k
	}), "out")
	r := run(t, b)
	r.want("k=v@1", "out v=k@1")
	r.want("~=v@2", "out v=~@2")
	r.want("k=~@3", "out ~=k@3")
}

// Merge and the conversions of nulls pass on the serdes that a stream was
// given, so that a type without one of its own needs it once.
func TestSerdesArePassedOn(t *testing.T) {
	type text string
	texts := serdeOf(func(s string) text { return text("<" + s + ">") }, func(v text) string { return string(v) })
	b := topology.New()
	in := topology.Stream[string, text](b, "in", topology.ValueSerde(texts))
	made := topology.MapValues(in, func(v text) text { return v + "!" })
	topology.To(topology.Values(topology.WithNulls(made.Merge(in))), "out")
	r := run(t, b)
	r.want("k=v@1", "out k=<v>!@1, out k=<v>@1")
}
