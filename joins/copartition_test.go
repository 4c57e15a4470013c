package joins_test

import (
	"strings"
	"testing"

	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// startError is what the start of a topology on topics fails with.
func startError(b *topology.Builder, partitions map[string]int) string {
	failed := &failing{}
	func() {
		defer func() { _ = recover() }()
		streamstest.New(failed, b, streamstest.Config{Partitions: partitions}).Close()
	}()
	return failed.text
}

// Both sides of a join need as many partitions: what differs is said before the
// start, with both numbers and the remedy, which works.
func TestSidesNeedEqualNumbersOfPartitions(t *testing.T) {
	joined := func(left func(textStream) textStream) *topology.Builder {
		b := topology.New()
		stream, table := textSides(b)
		topology.To(joins.InnerTable(left(stream), table, concat, topology.Name("joined")), "out")
		return b
	}
	behind := func(partitions int) func(textStream) textStream {
		return func(s textStream) textStream {
			return topology.Repartition(s, "moved", topology.Partitions(partitions))
		}
	}
	counts := map[string]int{"left": 2, "right": 3}
	for _, c := range []struct {
		name, want string
		left       func(textStream) textStream
	}{
		{"topics", "joined needs equal keys in equal partitions, but its topics have different numbers of them (2: left; 3: right): " +
			"send one side through topology.Repartition with the option Partitions(3); a table ", func(s textStream) textStream { return s }},
		{"repartition topic", "(3: right; 4: test-moved-repartition)", behind(4)},
		{"remedy", "", behind(3)},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := startError(joined(c.left), counts)
			if c.want == "" && got != "" {
				t.Errorf("got %s", got)
			}
			if c.want != "" && (!strings.Contains(got, c.want) || !strings.Contains(got, "copartition_test.go:")) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// A topic that the topology writes itself, for one side, must be written as that
// of the other side is.
func TestSidesNeedTheSamePartitioner(t *testing.T) {
	last := topology.Partitioner(func(_ string, _, _ string, partitions int) int { return partitions - 1 })
	for _, c := range []struct {
		name, want string
		opts       []topology.Option
		sink       bool
	}{
		{"repartition topics", "joined needs equal keys in equal partitions, but left-moved-repartition-sink (joins/copartition_test.go:", []topology.Option{last}, false},
		{"a topic of its own", "joined needs equal keys in equal partitions, but left-moved-repartition-sink (joins/copartition_test.go:", []topology.Option{last}, true},
		{"the same", "", nil, false},
		{"the same, of its own", "", nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := topology.New()
			left := topology.Repartition(topology.Stream[string, string](b, "left"), "left-moved", c.opts...)
			rows := topology.Stream[string, string](b, "right")
			var table textTable
			if c.sink {
				topology.To(rows, "rows-topic", topology.AllowLoop())
				table = topology.Table[string, string](b, "rows-topic", "rows")
			} else {
				table = topology.ToTable(topology.Repartition(rows, "right-moved"), "rows")
			}
			topology.To(joins.InnerTable(left, table, concat, topology.Name("joined")), "out")
			_, err := b.Describe()
			if c.want == "" && err != nil {
				t.Error(err)
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "choose them by different functions: give both the same option Partitioner")) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
