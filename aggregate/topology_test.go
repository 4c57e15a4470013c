package aggregate_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// purchases are users with products, of which a user's later one replaces the
// earlier in the table.
var purchases = strings.Fields("ann=tea bob=tea cid=rum ann=rum bob=ale dan=tea ann=tea cid=tea eve=ale ann=ale bob=tea dan=rum")

// collections has a row per user of what the stream saw, or per product of the
// first letters of those whose row in the table it is now.
func collections(table bool) *topology.Builder {
	b := topology.New()
	distinct := aggregate.CollectSet(identity[string], 9)
	list := aggregate.CollectList(identity[string], 9)
	if table {
		users := topology.Table[string, string](b, "purchases", "users")
		group := topology.GroupTable(users, func(user, product string) topology.Pair[string, string] {
			return topology.Pair[string, string]{Key: product, Value: user[:1]}
		})
		topology.To(topology.Aggregate(group, "rows", aggregate.Combine3(
			aggregate.Count[string](), distinct, list,
			func(n int64, set, list []string) string { return fmt.Sprint(n, set, list) })).ToStream(), "rows-out", topology.ValueSerde(serde.String))
		return b
	}
	users := topology.Stream[string, string](b, "purchases")
	topology.To(topology.Aggregate(topology.GroupByKey(users), "rows", aggregate.Combine5(
		aggregate.ApproxDistinct(identity[string], 0), aggregate.TopN(identity[string], 2, ascending), distinct,
		aggregate.Last(identity[string]), list,
		func(about int64, top, set []string, last string, list []string) string {
			return fmt.Sprintf("%d %v %v %s %v", about, top, set, last, list)
		})).ToStream(), "rows-out", topology.ValueSerde(serde.String))
	return b
}

// Accumulators that share memory come through commits, aborts and crashes.
func TestCollectionsInATopology(t *testing.T) {
	for _, c := range []struct {
		table bool
		want  string
	}{
		{false, "ann 3 [tea tea] [tea rum ale] ale [tea rum tea ale]"},
		{true, "tea 2 [c b] [c b]"},
	} {
		run := func(cfg streamstest.Config) *streamstest.Driver {
			d := streamstest.New(t, collections(c.table), cfg)
			in := streamstest.In[string, string](d, "purchases")
			for i, p := range purchases {
				user, product, _ := strings.Cut(p, "=")
				in.PipeAt(user, product, int64(i))
			}
			return d
		}
		streamstest.Matrix(t, streamstest.Config{}, run)

		d := run(streamstest.Config{})
		rows := maps.Collect(streamstest.Out[string, string](d, "rows-out").Latest())
		key, want, _ := strings.Cut(c.want, " ")
		equal(t, key, rows[key], want)
	}
}
