package streamstest_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// wordCount is the program of the README.
func wordCount() *topology.Builder {
	b := topology.New()
	lines := topology.Stream[string, string](b, "lines")
	words := topology.FlatMapValues(lines, strings.Fields)
	counts := topology.Count(topology.GroupBy(words, func(_, word string) string { return word }), "counts")
	topology.To(counts.ToStream(), "totals", topology.Serdes(serde.String, serde.DecimalInt64))
	return b
}

func Example() {
	d := streamstest.New(nil, wordCount(), streamstest.Config{})
	defer d.Close()
	lines := streamstest.In[string, string](d, "lines")
	totals := streamstest.Out[string, int64](d, "totals")

	lines.PipeAt("", "to be or not to be", 7)
	fmt.Println(totals.Text())

	counts := streamstest.Store[string, int64](d, "counts")
	for word, n := range counts.All() {
		fmt.Println(word, n)
	}
	// Output:
	// to=1@7, be=1@7, or=1@7, not=1@7, to=2@7, be=2@7
	// be 2
	// not 1
	// or 1
	// to 2
}

func TestWordCount(t *testing.T) {
	for _, partitions := range []int{1, 4} {
		d := streamstest.New(t, wordCount(), streamstest.Config{Partitions: map[string]int{"lines": partitions, "totals": 3}})
		lines := streamstest.In[string, string](d, "lines")
		totals := streamstest.Out[string, int64](d, "totals")
		lines.PipeAt("", "to be or not to be", 7)
		lines.PipeAt("", "be", 3)
		want := map[string]int64{"to": 2, "be": 3, "or": 1, "not": 1}
		if diff := cmp.Diff(want, maps.Collect(totals.Latest())); diff != "" {
			t.Errorf("%d partitions: totals (-want +got):\n%s", partitions, diff)
		}
		if diff := cmp.Diff(want, maps.Collect(streamstest.Store[string, int64](d, "counts").All())); diff != "" {
			t.Errorf("%d partitions: counts (-want +got):\n%s", partitions, diff)
		}
		log := streamstest.Out[string, int64](d, d.ChangelogTopic("counts"))
		if diff := cmp.Diff(want, maps.Collect(log.Latest())); diff != "" {
			t.Errorf("%d partitions: changelog (-want +got):\n%s", partitions, diff)
		}
		if n := len(log.All()); n != 7 {
			t.Errorf("%d partitions: the changelog has %d records, want one for each word", partitions, n)
		}
	}
}
