package topology_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// Tables of all kinds come out the same however often there are commits, on
// however many instances, and whatever the step of a commit that an instance
// crashes at. (What a group says on its way depends on which of its rows comes
// first, so that is not written.)
func TestTablesSurviveCrashes(t *testing.T) {
	cfg := streamstest.Config{Partitions: map[string]int{"in": 2, "more": 2}}
	streamstest.Matrix(t, cfg, func(cfg streamstest.Config) *streamstest.Driver {
		b := topology.New()
		rows := topology.Table[string, string](b, "in", "rows")
		topology.To(topology.MapTable(rows.Filter(even, topology.Stored("even")), strings.ToUpper).ToStream(), "even-out")
		topology.Aggregate(topology.GroupTable(rows, byFirst), "lists", sorted())
		more := topology.Stream[string, string](b, "more")
		past := topology.ToTable(more, "past", topology.Versioned(time.Minute)) // nothing is swept
		topology.Count(topology.GroupTable(past, byFirst), "counts")
		same := func(v string) string { return v }
		joined := topology.Cogroup(topology.Into(topology.GroupByKey(rows.ToStream()), appended(same)).And(
			topology.Into(topology.GroupByKey(more), appended(strings.ToUpper))), "joined")
		topology.To(joined.ToStream(), "joined-out")

		d := streamstest.New(t, b, cfg)
		topics := []*streamstest.Input[string, string]{
			streamstest.In[string, string](d, "in"), streamstest.In[string, string](d, "more"),
		}
		random := rand.New(rand.NewPCG(1, 2))
		for i := range int64(60) {
			value := string(rune('a'+random.IntN(3))) + strings.Repeat("x", random.IntN(3))
			r := processor.NewRecord(fmt.Sprintf("k%d", random.IntN(5)), value, i)
			r.HasValue = random.IntN(5) > 0
			topics[random.IntN(2)].Send(r)
		}
		return d
	})
}
