package topology_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/status"
	"github.com/millrace-io/millrace/topology"
)

var update = flag.Bool("update", false, "rewrite testdata/describe and the tables of docs/topology-changes.md")

type audit struct {
	CreatedBy string `json:"created_by"`
	At        time.Time
}

type purchase struct {
	audit
	ID       string           `json:"id"`
	Lines    []purchaseLine   `json:"lines,omitempty"`
	ByShop   map[string]*shop `json:"by_shop"`
	Internal bool             `json:"-"`
	note     string
}

type purchaseLine struct {
	Product string `json:"product"`
	Amount  int64
}

// shop is a tree: types refer to themselves.
type shop struct {
	Name     string
	Parent   *shop
	Branches []shop
}

// described are topologies that have, between them, everything that a
// description shows.
var described = map[string]func(b *topology.Builder){
	"wordcount": func(b *topology.Builder) {
		lines := topology.Stream[string, string](b, "lines")
		words := topology.FlatMapValues(lines, strings.Fields)
		counts := topology.Count(topology.GroupBy(words, func(_, word string) string { return word }), "counts")
		topology.To(counts.ToStream(), "totals", topology.Serdes(serde.String, serde.DecimalInt64))
	},
	"branches": func(b *topology.Builder) {
		topology.Register(b, serde.JSON[purchase]())
		all := topology.StreamTopics[string, purchase](b, []string{"purchases", "refunds"}, topology.Name("purchases"))
		split := all.Split(topology.Name("size"))
		small := split.Branch("small", func(_ string, p purchase) bool { return len(p.Lines) < 10 })
		large := split.Default("large").Peek(func(string, purchase) {}, topology.Name("audit"))
		topology.To(small.Merge(large, topology.Name("together")), "checked")
		topology.ToChosen(large, func(id string, _ purchase) string { return id }, topology.Name("per-shop"))
	},
	"stores": func(b *topology.Builder) {
		topology.Register(b, serde.JSON[purchase]())
		in := topology.Stream[string, purchase](b, "purchases", topology.Name("purchases"), topology.FromLatest())
		byShop := topology.SelectKey(in, func(_ string, p purchase) string { return p.note }, topology.Name("by-shop"))
		through := topology.Repartition(byShop, "shops", topology.Partitions(12), topology.Partitioner(byPurchase))
		seen := topology.NewStore[string, purchase](b, "seen", topology.Unlogged(), topology.TTL(24*time.Hour))
		kept := topology.NewStore[string, int32](b, "kept", topology.LogConfig(map[string]string{"segment.ms": "600000", "min.insync.replicas": "2"}))
		prices := topology.NewVersionedStore[string, float64](b, "prices", time.Hour)
		topology.Process(through, func(processor.Context) forward { return forward{} }, topology.Name("remember"), topology.With(seen, kept, prices))
		sizes := topology.MapValues(through, func(p purchase) int64 { return int64(len(p.Lines)) }, topology.Name("sizes"))
		average := topology.Aggregate(topology.GroupByKey(sizes), "average", aggregate.Avg(func(n int64) int64 { return n }))
		topology.To(average.ToStream(topology.Name("averages")), "averages", topology.Name("write"))
	},
	"tables": func(b *topology.Builder) {
		topology.Register(b, serde.JSON[shop]())
		shops := topology.Table[string, shop](b, "shops", "shops")
		open := shops.Filter(func(_ string, s shop) bool { return s.Name != "" }, topology.Stored("open"))
		topology.To(open.ToStream(topology.Name("opened")), "open-shops")
		prices := topology.GlobalTable[int64, string](b, "prices", "prices")
		visits := topology.StreamPattern[string, int64](b, `visits-\w+`)
		topology.Process(visits, func(processor.Context) visit { return visit{} }, topology.Name("priced"), topology.With(prices))
	},
}

func byPurchase(_ string, key string, _ purchase, partitions int) int { return len(key) % partitions }

type forward struct{}

func (forward) Process(processor.Record[string, purchase], processor.Output[string, purchase]) error {
	return nil
}

type visit struct{}

func (visit) Process(processor.Record[string, int64], processor.Output[string, int64]) error {
	return nil
}

func TestDescriptionsAreAsRecorded(t *testing.T) {
	for name, build := range described {
		t.Run(name, func(t *testing.T) {
			b := topology.New()
			build(b)
			for ext, describe := range map[string]func() (string, error){
				"txt": b.Describe, "mmd": b.Mermaid, "dot": b.DOT,
				"json": func() (string, error) {
					text, err := b.JSON()
					return string(text), err
				},
			} {
				got, err := describe()
				if err != nil {
					t.Fatal(err)
				}
				recorded(t, filepath.Join("testdata", "describe", name+"."+ext), got)
			}
		})
	}
}

// recorded compares a text with a file, or makes the file.
func recorded(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	// A checkout on Windows may have other ends of lines.
	if diff := cmp.Diff(string(bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))), got); diff != "" {
		t.Errorf("%s (go test ./topology -update accepts it): %s", file, diff)
	}
}

func TestJSONIsTheWholeDescription(t *testing.T) {
	b := topology.New()
	described["stores"](b)
	text, err := b.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var back status.Graph
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	want := g.Status()
	for i := range want.Subtopologies {
		for j := range want.Subtopologies[i].Nodes {
			want.Subtopologies[i].Nodes[j].Line = ""
		}
		for j := range want.Subtopologies[i].Stores {
			want.Subtopologies[i].Stores[j].Line = ""
		}
	}
	if diff := cmp.Diff(want, back); diff != "" {
		t.Error(diff)
	}
	if place := regexp.MustCompile(`\.go:\d+`).Find(text); place != nil {
		t.Errorf("%s is in it, which changes with every edit", place)
	}
}

func TestABrokenTopologyIsNotDrawn(t *testing.T) {
	b := topology.New()
	topology.To(topology.Stream[string, string](b, "in"), "not a topic")
	_, err1 := b.Mermaid()
	_, err2 := b.DOT()
	_, err3 := b.JSON()
	for _, err := range []error{err1, err2, err3} {
		if err == nil || !strings.Contains(err.Error(), "not a topic") {
			t.Errorf("got %v", err)
		}
	}
}
