package topology_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

const ms = time.Millisecond

// A row that has expired is not there for the next record: a new one begins,
// and there is no old value.
func TestExpiredRowBeginsAnew(t *testing.T) {
	ttl := topology.TTL(10 * ms)
	join := func(row, v string) string { return row + v }
	for name, build := range map[string]func(g topology.KGroupedStream[string, string]) topology.KTable[string, string]{
		"count": func(g topology.KGroupedStream[string, string]) topology.KTable[string, string] {
			return topology.Reduce(g, "rows", join, ttl)
		},
		"aggregate": func(g topology.KGroupedStream[string, string]) topology.KTable[string, string] {
			return topology.Aggregate(g, "rows", aggregate.New(func() string { return "" },
				func(acc string, v string) (string, error) { return acc + v, nil }), ttl)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := topology.New()
			rows := build(topology.GroupByKey(topology.Stream[string, string](b, "in")))
			var changes []string
			topology.ChangesOf(rows, func(k string, c graph.Change[string]) {
				changes = append(changes, fmt.Sprintf("%s:%s>%s", k, c.Old, c.New))
			})
			r := run(t, b)
			for _, record := range []string{"k=a@0", "k=b@9", "k=c@18", "other=x@28", "k=d@19", "k=e@20"} {
				r.send("in", record)
			}
			if got, want := strings.Join(changes, " "), "k:>a k:a>ab k:ab>abc other:>x k:>d k:d>de"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestExpiredEntriesAreLoggedAsTombstones(t *testing.T) {
	b := topology.New()
	topology.Count(topology.GroupByKey(topology.Stream[string, string](b, "in")), "counts", topology.TTL(10*ms))
	r := run(t, b)
	for _, record := range []string{"a=x@1", "b=x@5", "c=x@11", "c=x@12"} {
		r.send("in", record)
	}
	var tombstones []string
	for _, w := range r.logged {
		if strings.HasPrefix(w, "counts") && strings.Contains(w, `=""`) {
			tombstones = append(tombstones, w)
		}
	}
	if got, want := strings.Join(tombstones, ", "), `counts "a"=""@11`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Time goes back with a record that fails, and what has expired by it is there
// again.
func TestFailedRecordLetsNothingExpire(t *testing.T) {
	b := topology.New()
	seen := topology.NewStore[string, int64](b, "seen", topology.TTL(10*ms))
	in := topology.Stream[string, string](b, "in")
	failing := topology.MapValuesErr(in, func(v string) (string, error) {
		if v == "fail" {
			return "", errTest
		}
		return v, nil
	})
	first := topology.Process(failing, func(ctx processor.Context) *dedup {
		return &dedup{seen: seen.Open(ctx), total: seen.Open(ctx), closed: new(int)}
	}, topology.With(seen))
	topology.To(topology.MapValues(first, func(n int64) string { return strings.Repeat("x", int(n)) }), "out")
	r := run(t, b)
	r.want("k=a@1", "out started=x@0, out k=@1")
	if err := r.try("in", "k=fail@99"); err == nil {
		t.Fatal("no error")
	}
	r.tasks[0].Seek("in", r.tasks[0].Position("in"))
	r.want("k=a@2", "")
	r.want("k=a@12", "out k=@12") // both entries are gone
}

func TestTTLIsPartOfTheDescription(t *testing.T) {
	b := topology.New()
	topology.Count(topology.GroupByKey(topology.Stream[string, string](b, "in")), "counts",
		topology.TTL(90*time.Minute), topology.ValueSerde(serde.DecimalInt64))
	text, err := b.Describe()
	if err != nil || !strings.Contains(text, "ttl 1h30m0s") {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestTTLThatMakesNoSense(t *testing.T) {
	for name, c := range map[string]struct {
		build func(b *topology.Builder)
		want  string
	}{
		"zero": {func(b *topology.Builder) {
			topology.Count(topology.GroupByKey(topology.Stream[string, string](b, "in")), "counts", topology.TTL(0))
		}, "count: the option TTL needs a time of at least 1ms"},
		"on an operator without store": {func(b *topology.Builder) {
			topology.Stream[string, string](b, "in").Filter(func(string, string) bool { return true }, topology.TTL(time.Hour))
		}, "filter does not take option TTL"},
	} {
		b := topology.New()
		c.build(b)
		if _, err := b.Build(); err == nil || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}
