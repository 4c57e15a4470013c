package topology_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/status"
	"github.com/millrace-io/millrace/topology"
)

// building is a way to make a topology.
type building func(b *topology.Builder)

// JSON describes what a building makes.
func (build building) JSON(t testing.TB) []byte {
	t.Helper()
	b := topology.New()
	build(b)
	text, err := b.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// edited is a building's JSON after a change that operators cannot express, or
// not yet.
func (build building) edited(t testing.TB, edit func(g *status.Graph)) []byte {
	t.Helper()
	var g status.Graph
	if err := json.Unmarshal(build.JSON(t), &g); err != nil {
		t.Fatal(err)
	}
	edit(&g)
	text, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func diffOf(t testing.TB, old, new []byte) []string {
	t.Helper()
	findings, err := topology.Diff(old, new)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range findings {
		all = append(all, fmt.Sprintf("%s: %s: %s", f.Severity, f.What, f.Text))
	}
	return all
}

type rowV1 struct {
	ID    string
	Total int32
	Note  string
}

type rowV2 struct {
	ID    string `json:"order_id"`
	Total int64  `json:"total"` // JSON reads it, whatever the case
	Extra []string
}

type rowCopy struct {
	ID    string
	Total int32
	Note  string
}

// counted counts in by key in a store, and writes the counts.
func counted(in, store, out string, opts ...topology.Option) building {
	return func(b *topology.Builder) {
		s := topology.Stream[string, string](b, in)
		counts := topology.Count(topology.GroupByKey(s), store, opts...)
		topology.To(counts.ToStream(), out)
	}
}

// grouped counts in by value, through a repartition topic.
func grouped(opts ...topology.Option) building {
	return func(b *topology.Builder) {
		s := topology.Stream[string, string](b, "in")
		byValue := topology.Repartition(topology.SelectKey(s, func(_, v string) string { return v }), "by-value", opts...)
		topology.To(topology.Count(topology.GroupByKey(byValue), "counts").ToStream(), "out")
	}
}

// stored has a store of Vs behind "in".
func stored[V any](s serde.Serde[V]) building {
	return func(b *topology.Builder) {
		topology.Table[string, V](b, "in", "rows", topology.ValueSerde(s))
	}
}

// written reads a topic and writes another one.
func written[V any](in, out string, s serde.Serde[V], opts ...topology.Option) building {
	return func(b *topology.Builder) {
		topology.To(topology.Stream[string, V](b, in, append(opts, topology.ValueSerde(s), topology.Name("read"))...), out, topology.Name("write"))
	}
}

func global(topic string, s serde.Serde[string]) building {
	return func(b *topology.Builder) {
		table := topology.GlobalTable[string, string](b, topic, "prices", topology.ValueSerde(s))
		in := topology.Stream[string, int64](b, "in")
		topology.Process(in, func(processor.Context) visit { return visit{} }, topology.With(table))
	}
}

// several is one topology of many.
func several(all ...building) building {
	return func(b *topology.Builder) {
		for _, build := range all {
			build(b)
		}
	}
}

func byKey(_, key, _ string, partitions int) int { return len(key) % partitions }

// chosen writes each record to the topic that its key names.
func chosen(s serde.Serde[string]) building {
	return func(b *topology.Builder) {
		in := topology.Stream[string, string](b, "in")
		topology.ToChosen(in, func(key, _ string) string { return key }, topology.ValueSerde(s))
	}
}

func pattern(p string) building {
	return func(b *topology.Builder) {
		topology.To(topology.StreamPattern[string, string](b, p), "out", topology.Name("write"))
	}
}

func aggregated(name string, agg aggregate.Aggregation[string, int64, int64]) building {
	return func(b *topology.Builder) {
		agg.Name = name
		s := topology.Stream[string, string](b, "in")
		topology.Aggregate(topology.GroupByKey(s), "counts", agg)
	}
}

// timed has an operator of a name with a stream time of its own behind in.
func timed(name, in string) func(t *testing.T) []byte {
	return func(t *testing.T) []byte {
		return written(in, "out", serde.String).edited(t, func(g *status.Graph) {
			sub := &g.Subtopologies[0]
			i := slices.IndexFunc(sub.Nodes, func(n status.Node) bool { return n.Name == "write" })
			sub.Nodes[i].Name, sub.Nodes[i].StreamTime, sub.Edges[0].To = name, true, name
		})
	}
}

var diffs = []struct {
	name     string
	old, new any // a building, or a function that makes the text
	want     []string
}{
	{"nothing", counted("in", "counts", "out"), counted("in", "counts", "out"), nil},
	{
		"a stateless operator between", written("in", "out", serde.String),
		building(func(b *topology.Builder) {
			in := topology.Stream[string, string](b, "in")
			topology.To(in.Filter(func(_, v string) bool { return v != "" }), "out", topology.Name("write"))
		}), nil,
	},
	{
		"store removed", several(counted("in", "counts", "out"), written("in2", "out2", serde.String)), written("in2", "out2", serde.String),
		[]string{
			"warning: store counts: the store is gone; its changelog topic stays, with all rows",
			"warning: topic in: what comes from now on is not processed",
			"warning: topic out: its readers get nothing more",
			"safe: subtopology 0: it was subtopology 1",
		},
	},
	{
		"unlogged store removed", counted("in", "counts", "out", topology.Unlogged()), written("in", "out", serde.String),
		[]string{"warning: topic out: records are string, string (string, string) and were string, int64 (string, int64)", "safe: store counts: the store is gone, with what it held"},
	},
	{
		"store added behind an old input", written("in", "out", serde.String), several(written("in", "out", serde.String), counted("in2", "counts", "out2")),
		[]string{"safe: store counts: the store begins empty, with the first records", "safe: topic in2: no offset is committed for it: it is read from the earliest records", "safe: topic out2: it must exist"},
	},
	{
		"store added behind a new input", written("in", "out", serde.Int64), counted("in", "counts", "out"),
		[]string{
			"warning: store counts: the store begins empty: records that were processed before do not go into it",
			"warning: topic in: records are read as string, string (string, string) and were as string, int64 (string, int64)",
		},
	},
	{
		"store added behind a repartition topic of an old input", written("in", "out", serde.Int64), grouped(),
		[]string{
			"warning: store counts: the store begins empty: records", "warning: topic in: records are read as",
			"safe: repartition topic by-value: the topic <app>-by-value-repartition is made at the start",
		},
	},
	{
		"store renamed", counted("in", "counts", "out"), counted("in", "totals", "out"),
		[]string{"breaking: store totals: counts is gone and totals is new, with the same types: if it is the same"},
	},
	{
		"two stores renamed is beyond guessing",
		several(counted("a", "a", "a-out"), counted("b", "b", "b-out")), several(counted("a", "c", "a-out"), counted("b", "d", "b-out")),
		[]string{
			"warning: store a: the store is gone", "warning: store b: the store is gone",
			"warning: store c: the store begins empty", "warning: store d: the store begins empty",
		},
	},
	{
		"type", stored(serde.JSON[rowV1]()), stored(serde.JSON[rowV2]()),
		[]string{
			"breaking: store rows: the type of a value is topology_test.rowV2 and was topology_test.rowV1: the store and its changelog hold",
			"warning: topic in: records are read as string, topology_test.rowV2 (string, json) and were as string, topology_test.rowV1 (string, json)",
		},
	},
	{
		"type called otherwise", stored(serde.JSON[rowV1]()), stored(serde.JSON[rowCopy]()),
		[]string{"safe: store rows: the type of a value is topology_test.rowCopy and was topology_test.rowV1; fields and serdes are the same"},
	},
	{
		"serde", stored(serde.JSON[rowV1]()), stored(serde.JSON[rowV1](serde.RefuseUnknownFields)),
		[]string{
			"breaking: store rows: the serdes are string, json, no unknown fields and were string, json: what",
			"warning: topic in: records are read as",
		},
	},
	{
		"fields", stored(serde.JSON[rowV1]()),
		func(t *testing.T) []byte {
			return stored(serde.JSON[rowV2]()).edited(t, func(g *status.Graph) {
				text, _ := json.Marshal(g)
				_ = json.Unmarshal([]byte(strings.ReplaceAll(string(text), "rowV2", "rowV1")), g)
			})
		},
		[]string{
			"breaking: store rows: field ID of topology_test.rowV1 is order_id in JSON and was ID:",
			"breaking: store rows: field Total of topology_test.rowV1 is int64 and was int32:",
			"warning: store rows: field Note of topology_test.rowV1 is gone:",
			"safe: store rows: field Extra of topology_test.rowV1 is new:",
		},
	},
	{
		"format", counted("in", "counts", "out"),
		func(t *testing.T) []byte {
			return counted("in", "counts", "out").edited(t, func(g *status.Graph) { g.Subtopologies[0].Stores[0].Format = "plain" })
		},
		[]string{"breaking: store counts: the format is plain and was timestamped:"},
	},
	{
		"changelog off", counted("in", "counts", "out"), counted("in", "counts", "out", topology.Unlogged()),
		[]string{"warning: store counts: rows are lost when their task moves"},
	},
	{
		"changelog on", counted("in", "counts", "out", topology.Unlogged()), counted("in", "counts", "out"),
		[]string{"breaking: store counts: the rows of before are in no changelog: they are dropped"},
	},
	{
		"configs", counted("in", "counts", "out"), counted("in", "counts", "out", topology.LogConfig(map[string]string{"segment.ms": "1", "a": "2"})),
		[]string{"warning: store counts: configs are a=2, segment.ms=1 and were nothing:"},
	},
	{
		"terms", counted("in", "counts", "out"), counted("in", "counts", "out", topology.TTL(time.Hour)),
		[]string{"warning: store counts: the store is declared with ttl 1h0m0s and was with nothing:"},
	},
	{
		"aggregation", aggregated("sum", aggregate.Count[string]()), aggregated("max", aggregate.Count[string]()),
		[]string{"warning: store counts: rows are kept by aggregate (max) and were by aggregate (sum):"},
	},
	{
		"store behind another topic", counted("in", "counts", "out"), counted("in2", "counts", "out"),
		[]string{
			"warning: store counts: its subtopology reads in2 and read in: a changelog needs",
			"warning: topic in: what comes from now on is not processed",
			"safe: topic in2: no offset is committed for it",
		},
	},
	{
		"repartition removed", grouped(), counted("in", "counts", "out"),
		[]string{
			"breaking: repartition topic by-value: records in <app>-by-value-repartition that are not processed yet are lost",
			"warning: store counts: its subtopology reads in and read <app>-by-value-repartition:",
		},
	},
	{
		"repartition added", counted("in", "counts", "out"), grouped(),
		[]string{
			"warning: store counts: its subtopology reads <app>-by-value-repartition and read in:",
			"safe: repartition topic by-value: the topic <app>-by-value-repartition is made at the start",
		},
	},
	{
		"repartition of other types", grouped(), grouped(topology.ValueSerde[string](quoted{})),
		[]string{"breaking: repartition topic by-value: records are string, string (string, quoted) and were string, string (string, string):"},
	},
	{
		"repartition by another partitioner", grouped(), grouped(topology.Partitioner(byKey)),
		[]string{"breaking: repartition topic by-value: records go to other partitions: the tasks there"},
	},
	{
		"count asked for", grouped(), grouped(topology.Partitions(8)),
		[]string{"warning: repartition topic by-value: 8 partitions are asked for, where the count followed"},
	},
	{
		"another count", grouped(topology.Partitions(4)), grouped(topology.Partitions(8)),
		[]string{"breaking: repartition topic by-value: 8 partitions are asked for and 4 were:"},
	},
	{
		"count no longer asked for", grouped(topology.Partitions(4)), grouped(),
		[]string{"safe: repartition topic by-value: the topic keeps the 4 partitions"},
	},
	{
		"start", written("in", "out", serde.String), written("in", "out", serde.String, topology.FromLatest()),
		[]string{"safe: topic in: it starts at the latest records and did at the earliest records, which counts only"},
	},
	{
		"topic added to a source", written("in", "out", serde.String),
		building(func(b *topology.Builder) {
			in := topology.StreamTopics[string, string](b, []string{"in", "in2"}, topology.FromLatest())
			topology.To(in, "out", topology.Name("write"))
		}),
		[]string{"safe: topic in: it starts at the latest", "safe: topic in2: no offset is committed for it: it is read from the latest records"},
	},
	{
		"topic by a pattern now", written("in", "out", serde.String), pattern("in|more"),
		[]string{"safe: pattern ^(?:in|more)$: no offset is committed for it"},
	},
	{
		"topic no longer by a pattern", pattern("in|more"), written("in", "out", serde.String),
		[]string{"warning: pattern ^(?:in|more)$: what comes from now on is not processed"},
	},
	{
		"sources meet",
		func(t *testing.T) []byte { return joined(t, false) }, func(t *testing.T) []byte { return joined(t, true) },
		[]string{"warning: co-partitioning: a, b need equal partition counts, or the start fails"},
	},
	{
		"sink writes elsewhere", written("in", "out", serde.String), written("in", "out2", serde.String),
		[]string{"warning: topic out: write writes out2 and wrote out, which gets nothing more"},
	},
	{
		"sink with a partitioner", written("in", "out", serde.String),
		building(func(b *topology.Builder) {
			topology.To(topology.Stream[string, string](b, "in"), "out", topology.Partitioner(byKey))
		}),
		[]string{"warning: topic out: records of one key go to another partition than before"},
	},
	{
		"topics per record", chosen(serde.String), chosen(quoted{}),
		[]string{"warning: topic chosen for each record: records are string, string (string, quoted) and were string, string (string, string):"},
	},
	{
		"topics per record instead of one", written("in", "out", serde.String), chosen(serde.String),
		[]string{"warning: topic out: its readers get nothing more"},
	},
	{
		"generated names of sinks say nothing",
		building(func(b *topology.Builder) {
			in := topology.Stream[string, string](b, "in")
			topology.To(in, "a")
			topology.To(in, "b")
		}),
		building(func(b *topology.Builder) { topology.To(topology.Stream[string, string](b, "in"), "b") }),
		[]string{"warning: topic a: its readers get nothing more"},
	},
	{
		"global table added", written("in", "out", serde.Int64), several(global("prices", serde.String), written("in3", "out", serde.Int64)),
		[]string{"safe: topic in3", "safe: global table prices: each instance fills it"},
	},
	{
		"global table of another topic", global("prices", serde.String), global("prices2", serde.String),
		[]string{"warning: global table prices: it is filled from prices2 and was from prices:"},
	},
	{
		"global table of other bytes", global("prices", serde.String), global("prices", quoted{}),
		[]string{"warning: global table prices: its topic is read as string, string (string, quoted) and was as string, string (string, string)"},
	},
	{
		"operator with a time renamed", timed("window", "in"), timed("windows", "in"),
		[]string{"warning: operator windows: it was window: its stream time is kept under its name"},
	},
	{
		"operator with a time behind another topic", timed("window", "in"), timed("window", "in2"),
		[]string{"warning: topic in: what comes", "warning: operator window: its subtopology reads in2 and read in: its stream time", "safe: topic in2"},
	},
}

// quoted is a serde of strings with a name of its own.
type quoted struct{}

func (quoted) SerdeName() string                           { return "quoted" }
func (quoted) Append(dst []byte, s string) ([]byte, error) { return append(dst, s...), nil }
func (quoted) Decode(b []byte) (string, error)             { return string(b), nil }

// joined reads a and b, which meet if asked for.
func joined(t *testing.T, meet bool) []byte {
	return several(written("a", "out", serde.String)).edited(t, func(g *status.Graph) {
		sub := &g.Subtopologies[0]
		other := sub.Nodes[0]
		other.Name, other.Topics = "b", []string{"b"}
		sub.Nodes = append(sub.Nodes, other)
		sub.Nodes[0].Topics = []string{"a"}
		if meet {
			sub.CoPartitioned = [][]string{{sub.Nodes[0].Name, "b"}}
		}
	})
}

func textOf(t *testing.T, v any) []byte {
	t.Helper()
	switch v := v.(type) {
	case building:
		return v.JSON(t)
	case func(*testing.T) []byte:
		return v(t)
	}
	t.Fatalf("%T is no description", v)
	return nil
}

func TestDiffFinds(t *testing.T) {
	found := map[string]bool{}
	for _, c := range diffs {
		t.Run(c.name, func(t *testing.T) {
			old, new := textOf(t, c.old), textOf(t, c.new)
			got := diffOf(t, old, new)
			if len(got) != len(c.want) {
				t.Fatalf("got %s\nwant %s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			for i := range got {
				if !strings.HasPrefix(got[i], c.want[i]) {
					t.Errorf("got  %s\nwant %s", got[i], c.want[i])
				}
			}
			findings, _ := topology.Diff(old, new)
			for _, f := range findings {
				for i, e := range topology.Effects() {
					if matches(e.Text, f.Text) && matches(e.Remedy, f.Remedy) {
						found[fmt.Sprint(i)] = true
					}
				}
				for _, text := range []string{f.Text, f.Remedy} {
					if place := regexp.MustCompile(`<[a-z]+>`).FindString(strings.ReplaceAll(text, "<app>", "")); place != "" {
						t.Errorf("%s was not filled in: %s", place, text)
					}
				}
			}
		})
	}
	for i, e := range topology.Effects() {
		if !found[fmt.Sprint(i)] {
			t.Errorf("no test finds %q", e.When)
		}
	}
}

// matches reports whether a text came of a template.
func matches(template, text string) bool {
	re := regexp.QuoteMeta(template)
	re = regexp.MustCompile(`<(?:[b-z]|a[^p])[a-z]*>`).ReplaceAllString(re, `.*`)
	return regexp.MustCompile("^" + re + "$").MatchString(text)
}

func TestWorstFindingsComeFirst(t *testing.T) {
	old := several(grouped(), written("x", "y", serde.String)).JSON(t)
	new := several(written("x2", "y", serde.String), counted("in", "counts", "out")).JSON(t)
	findings, err := topology.Diff(old, new)
	if err != nil {
		t.Fatal(err)
	}
	order := []status.Severity{status.Breaking, status.Warning, status.Safe}
	if !slices.IsSortedFunc(findings, func(a, b topology.Finding) int {
		return slices.Index(order, a.Severity) - slices.Index(order, b.Severity)
	}) || findings[0].Severity != status.Breaking || findings[len(findings)-1].Severity != status.Safe {
		t.Errorf("%v", findings)
	}
}

func TestFindingPrintsItsRemedy(t *testing.T) {
	f := topology.Finding{Severity: status.Warning, What: "store counts", Text: "it is gone", Remedy: "look for it"}
	if got, want := f.String(), "warning: store counts: it is gone\n  look for it"; got != want {
		t.Errorf("got %q", got)
	}
	f.Remedy = ""
	if got, want := f.String(), "warning: store counts: it is gone"; got != want {
		t.Errorf("got %q", got)
	}
}

func TestDiffRefusesWhatItCannotRead(t *testing.T) {
	good := counted("in", "counts", "out").JSON(t)
	newer := fmt.Sprintf(`{"version": %d, "subtopologies": "in another way"}`, graph.Version+1)
	for text, want := range map[string]string{
		newer:                                "the %s description is of version 2 and this program knows 1: use a newer one",
		`{}`:                                 "the %s description has no version: make it with Builder.JSON",
		`{"version": -1}`:                    "the %s description has no version: make it with Builder.JSON",
		`subtopology 0`:                      "the %s description: invalid character 's' looking for beginning of value",
		``:                                   "the %s description: unexpected end of JSON input",
		`{"version": 1, "subtopologies": 1}`: "the %s description: json: cannot unmarshal number into Go struct field Graph.subtopologies of type []status.Subtopology",
	} {
		_, err := topology.Diff([]byte(text), good)
		if want := fmt.Sprintf(want, "old"); err == nil || err.Error() != want {
			t.Errorf("old %q: got %v, want %s", text, err, want)
		}
		_, err = topology.Diff(good, []byte(text))
		if want := fmt.Sprintf(want, "new"); err == nil || err.Error() != want {
			t.Errorf("new %q: got %v, want %s", text, err, want)
		}
	}
}

// anyGraphs are descriptions of few names, so that two have much in common.
// They need not make sense.
var anyGraphs = rapid.Custom(func(t *rapid.T) status.Graph {
	name := rapid.SampledFrom([]string{"a", "b", "c", "d", ""})
	names := rapid.SliceOfN(name, 0, 3)
	detail := rapid.SampledFrom([]string{"", "serdes a, b", "serdes a, json; ttl 1h", "; ;", "grace 1m"})
	g := status.Graph{Version: 1}
	for range rapid.IntRange(0, 3).Draw(t, "subtopologies") {
		sub := status.Subtopology{ID: rapid.IntRange(0, 3).Draw(t, "id")}
		for range rapid.IntRange(0, 4).Draw(t, "nodes") {
			sub.Nodes = append(sub.Nodes, status.Node{
				Name: name.Draw(t, "name"), Op: name.Draw(t, "op"), Key: name.Draw(t, "key"), Value: name.Draw(t, "value"),
				Topics: names.Draw(t, "topics"), Pattern: rapid.SampledFrom([]string{"", "", "^a$", "("}).Draw(t, "pattern"),
				Internal: rapid.Bool().Draw(t, "internal"), Partitions: rapid.IntRange(0, 2).Draw(t, "partitions"),
				StreamTime: rapid.Bool().Draw(t, "time"), Stores: names.Draw(t, "stores"), Detail: detail.Draw(t, "detail"),
			})
		}
		for range rapid.IntRange(0, 4).Draw(t, "edges") {
			sub.Edges = append(sub.Edges, status.Edge{From: name.Draw(t, "from"), To: name.Draw(t, "to")})
		}
		for range rapid.IntRange(0, 3).Draw(t, "stores") {
			sub.Stores = append(sub.Stores, status.StoreSpec{
				Name: name.Draw(t, "name"), Key: name.Draw(t, "key"), Value: name.Draw(t, "value"), Logged: rapid.Bool().Draw(t, "logged"),
				Format: name.Draw(t, "format"), Detail: detail.Draw(t, "detail"), LogConfig: rapid.MapOfN(name, name, 0, 1).Draw(t, "config"),
			})
		}
		sub.CoPartitioned = rapid.SliceOfN(names, 0, 2).Draw(t, "groups")
		g.Subtopologies = append(g.Subtopologies, sub)
	}
	for range rapid.IntRange(0, 3).Draw(t, "types") {
		typ := status.Type{Name: name.Draw(t, "type")}
		for range rapid.IntRange(0, 3).Draw(t, "fields") {
			typ.Fields = append(typ.Fields, status.Field{Name: name.Draw(t, "field"), Type: rapid.SampledFrom([]string{"a", "[]b", "map[c]*d"}).Draw(t, "of"), JSON: name.Draw(t, "json")})
		}
		g.Types = append(g.Types, typ)
	}
	for range rapid.IntRange(0, 2).Draw(t, "globals") {
		g.Globals = append(g.Globals, status.GlobalSpec{Name: name.Draw(t, "name"), Topic: name.Draw(t, "topic"), Key: name.Draw(t, "key"), Detail: detail.Draw(t, "detail")})
	}
	return g
})

func TestEveryDescriptionIsEqualToItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, err := json.Marshal(anyGraphs.Draw(t, "graph"))
		if err != nil {
			t.Fatal(err)
		}
		if found, err := topology.Diff(text, text); err != nil || len(found) > 0 {
			t.Fatalf("%v, %v", found, err)
		}
	})
}

func TestAnyTwoDescriptionsCanBeCompared(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old, _ := json.Marshal(anyGraphs.Draw(t, "old"))
		new, _ := json.Marshal(anyGraphs.Draw(t, "new"))
		found, err := topology.Diff(old, new)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := topology.Diff(old, new)
		if diff := cmp.Diff(found, again); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzDiff(f *testing.F) {
	b := topology.New()
	described["stores"](b)
	text, err := b.JSON()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text), string(text))
	f.Add(`{"version":1}`, `{"version":1,"subtopologies":[{"edges":[{}],"co_partitioned":[[""],null]}],"types":[{"fields":null}]}`)
	f.Add(`{"version":1,"subtopologies":[{"nodes":[{"name":"a","internal":true}]}]}`, `null`)
	f.Fuzz(func(t *testing.T, old, new string) {
		if found, err := topology.Diff([]byte(old), []byte(new)); err == nil && old == new && len(found) > 0 {
			t.Errorf("%q differs from itself: %v", old, found)
		}
	})
}
