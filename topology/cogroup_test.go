package topology_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// appended appends what show makes of each value; a value "null" deletes the
// row.
func appended[V any](show func(V) string) aggregate.Aggregation[V, string, string] {
	return aggregate.New(func() string { return "" }, func(acc string, v V) (string, error) {
		switch s := show(v); s {
		case "null":
			return "", processor.Null
		case "fail":
			return acc + s, errTest
		default:
			return acc + s, nil
		}
	})
}

func TestCogroupPutsStreamsOfDifferentTypesIntoOneRow(t *testing.T) {
	b := topology.New()
	words := topology.Stream[string, string](b, "words")
	numbers := topology.Stream[string, int64](b, "numbers", topology.ValueSerde(serde.DecimalInt64))
	rows := topology.Cogroup(
		topology.Into(topology.GroupByKey(words), appended(strings.ToUpper)).
			And(topology.Into(topology.GroupByKey(numbers), appended(func(n int64) string { return strconv.FormatInt(n, 10) }))),
		"rows")
	topology.To(rows.ToStream(), "out")
	changes := changesOf(rows)
	r := run(t, b)
	for _, c := range []struct{ topic, record, want string }{
		{"words", "k=a@5", "out k=A@5"},
		{"numbers", "k=7@3", "out k=A7@5"},
		{"numbers", "j=8@3", "out j=8@3"},
		{"numbers", "~=8@3", ""},
		{"words", "k=~@6", ""},
		{"words", "k=b@6", "out k=A7B@6"},
	} {
		r.send(c.topic, c.record)
		if got := r.took(); got != c.want {
			t.Errorf("%s: got %q, want %q", c.record, got, c.want)
		}
	}
	if got, want := r.drops(), "rows null_key 1, rows null_value 1"; got != want {
		t.Errorf("dropped %q, want %q", got, want)
	}
	if want := []string{"k ~>A", "k A>A7", "j ~>8", "k A7>A7B"}; !slices.Equal(*changes, want) {
		t.Errorf("changes %q, want %q", *changes, want)
	}
}

// One value of type Aggregation works on a stream, in a cogroup and on a table.
func TestOneAggregationServesAllKindsOfGroups(t *testing.T) {
	length := func(v string) int { return len(v) }
	stats := aggregate.Combine3(aggregate.Count[string](), aggregate.Where(evenLength, aggregate.Sum(length)), aggregate.CollectSet(strings.Clone, 9),
		func(n int64, sum int, all []string) string { return fmt.Sprint(n, sum, all) })
	one := func(key, row string) pair { return pair{Key: key[:1], Value: row} }
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	group := topology.GroupBy(in, func(key, _ string) string { return key[:1] })
	topology.To(topology.Aggregate(group, "stream", stats).ToStream(), "out-stream")
	topology.To(topology.Cogroup(topology.Into(group, stats), "cogroup").ToStream(), "out-cogroup")
	topology.To(topology.Aggregate(topology.GroupTable(topology.ToTable(in, "rows"), one), "table", stats).ToStream(), "out-table")
	r := run(t, b)
	last := map[string]string{}
	for _, record := range []string{"a1=xy@1", "a2=z@2", "b1=xyzz@3", "a3=zz@4"} {
		r.send("in", record)
		for _, out := range strings.Split(r.took(), ", out-") {
			topic, row, _ := strings.Cut(strings.TrimPrefix(out, "out-"), " ")
			last[topic] = row
		}
	}
	for _, kind := range []string{"stream", "cogroup", "table"} {
		if got, want := last[kind], "a=3 4 [xy z zz]@4"; got != want {
			t.Errorf("%s: %q, want %q", kind, got, want)
		}
	}
}

func evenLength(v string) bool { return len(v)%2 == 0 }

func TestCogroupDeletesTheRowOnNull(t *testing.T) {
	b := topology.New()
	as := func(v string) string { return v }
	left := topology.Into(topology.GroupByKey(topology.Stream[string, string](b, "left")), appended(as))
	right := topology.Into(topology.GroupByKey(topology.Stream[string, string](b, "right")), appended(as))
	topology.To(topology.Cogroup(left.And(right), "rows").ToStream(), "out")
	r := run(t, b, skips)
	r.send("left", "k=a@1")
	r.send("right", "k=fail@2") // skipped, and leaves no trace
	r.send("right", "k=null@3")
	r.send("left", "k=b@1")
	if got, want := r.took(), "out k=a@1, out k=~@3, out k=b@1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := r.logged[len(r.logged)-1]; !strings.HasSuffix(got, `b"@1`) {
		t.Errorf("logged %q", r.logged)
	}
}

// Where Kafka Streams refuses to build, topics get numbers; one alone has the
// name of the store, as there.
func TestCogroupNamesRepartitionTopicsApart(t *testing.T) {
	b := topology.New()
	group := func(topic string, opts ...topology.Option) topology.Part[string, int64, int64] {
		in := topology.Stream[string, string](b, topic)
		return topology.Into(topology.GroupBy(in, func(_, v string) string { return v }, opts...), aggregate.Count[string]())
	}
	same := topology.Into(topology.GroupByKey(topology.Stream[string, string](b, "same")), aggregate.Count[string]())
	parts := same.And(group("one"), group("two"), group("named", topology.Name("by-value")).And(group("three")))
	topology.To(topology.Cogroup(parts, "counts").ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
	r := run(t, b)
	for i, topic := range []string{"same", "one", "two", "named", "three"} {
		r.send(topic, fmt.Sprintf("v=v@%d", i))
		if got, want := r.took(), fmt.Sprintf("out v=%d@%d", i+1, i); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	want := []string{"app-by-value-repartition", "app-counts-2-repartition", "app-counts-3-repartition", "app-counts-repartition",
		"named", "one", "same", "three", "two"}
	if got := slices.Sorted(maps.Keys(r.readers)); !slices.Equal(got, want) {
		t.Errorf("topics read: %q", got)
	}
}

func TestCogroupNeedsEqualPartitionCounts(t *testing.T) {
	b := topology.New()
	group := func(topic string) topology.Part[string, int64, int64] {
		return topology.Into(topology.GroupByKey(topology.Stream[string, string](b, topic)), aggregate.Count[string]())
	}
	topology.Cogroup(group("left").And(group("right")), "counts")
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{"left": 2, "right": 3}
	names := func(src *graph.Node) []string { return src.Source.TopicNames("app") }
	partitions := func(topic string) (int, bool) { return counts[topic], true }
	if _, err := g.Layout(names, partitions); err == nil || !strings.Contains(err.Error(), "counts needs equal keys in equal partitions") {
		t.Errorf("got %v", err)
	}
	counts["right"] = 2
	if _, err := g.Layout(names, partitions); err != nil {
		t.Error(err)
	}
}
