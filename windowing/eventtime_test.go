package windowing_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// click is an event of a user.
type click struct {
	User, Action string
	Amount       int64
	At           time.Time
}

// clicks are 50 events, one every 12 seconds, the last at 10:09:48.
func clicks() (list []click) {
	rnd := rand.New(rand.NewPCG(2024, 1))
	for i := range 50 {
		c := click{
			User:   fmt.Sprintf("user_%d", 1+rnd.IntN(5)),
			Action: []string{"click", "view", "purchase"}[rnd.IntN(3)],
			At:     time.Date(2024, 1, 1, 10, 0, 12*i, 0, time.UTC),
		}
		if rnd.IntN(10) < 3 {
			c.Amount = 10 + rnd.Int64N(191)
		}
		list = append(list, c)
	}
	return list
}

// totals are several aggregations of the clicks of a window in one pass.
type totals struct {
	N, Users        int64
	Sum             int64
	Avg             float64
	Lowest, Highest int64
}

func allTotals() aggregate.Aggregation[click, aggregate.Acc2[aggregate.Acc2[aggregate.Acc2[aggregate.Acc2[aggregate.Acc2[int64, aggregate.Set[string]], int64], aggregate.Mean], aggregate.Extreme[int64]], aggregate.Extreme[int64]], totals] {
	amount := func(c click) int64 { return c.Amount }
	return aggregate.Combine6(
		aggregate.Count[click](), aggregate.Distinct(func(c click) string { return c.User }, 100),
		aggregate.Sum(amount), aggregate.Avg(amount), aggregate.Min(amount), aggregate.Max(amount),
		func(n, users, sum int64, avg float64, lowest, highest int64) totals {
			return totals{n, users, sum, avg, lowest, highest}
		})
}

// inWindows are the last rows of all windows, by group and start.
func inWindows(t *testing.T, w windowing.Windows, group func(click) string, keep func(click) bool) map[string]totals {
	t.Helper()
	b := topology.New()
	topology.Register(b, serde.JSON[click]())
	topology.Register(b, serde.JSON[totals]())
	events := topology.Stream[string, click](b, "events", topology.TimeField(func(c click) string { return c.At.Format(time.RFC3339) }, time.RFC3339, nil))
	kept := events.Filter(func(_ string, c click) bool { return keep(c) })
	groups := topology.GroupBy(kept, func(_ string, c click) string { return group(c) })
	topology.To(windowing.Aggregate(groups, "totals", w, allTotals()).ToStream(), "out")
	d := streamstest.New(t, b, streamstest.Config{})
	in := streamstest.In[string, click](d, "events")
	for _, c := range clicks() {
		in.Pipe(c.User, c)
	}
	rows := map[string]totals{}
	for _, r := range streamstest.Out[state.Windowed[string], totals](d, "out").Rest() {
		rows[strings.TrimSpace(r.Key.Key+" "+clock(r.Key.Start))] = r.Value
	}
	return rows
}

func clock(ms int64) string { return time.UnixMilli(ms).UTC().Format("15:04") }

// counts are those of the rows in the order of their names, and their sum.
func counts(rows map[string]totals) string {
	var list []string
	sum := int64(0)
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		list = append(list, fmt.Sprint(name, "=", rows[name].N))
		sum += rows[name].N
	}
	return fmt.Sprintf("%s sum %d", strings.Join(list, " "), sum)
}

func TestEventsEvery12Seconds(t *testing.T) {
	one, all := func(click) string { return "" }, func(click) bool { return true }
	for _, c := range []struct {
		windows windowing.Windows
		want    string
	}{
		{windowing.Tumbling(2 * time.Minute), "10:00=10 10:02=10 10:04=10 10:06=10 10:08=10 sum 50"},
		{windowing.Tumbling(3 * time.Minute), "10:00=15 10:03=15 10:06=15 10:09=5 sum 50"},
		{windowing.Hopping(5*time.Minute, time.Minute), "09:56=5 09:57=10 09:58=15 09:59=20 10:00=25 10:01=25 10:02=25 10:03=25 10:04=25 10:05=25 10:06=20 10:07=15 10:08=10 10:09=5 sum 250"},
	} {
		if got := counts(inWindows(t, c.windows, one, all)); got != c.want {
			t.Errorf("%v:\n got %s\nwant %s", c.windows, got, c.want)
		}
	}
}

// All aggregations of one pass, by action, against a plain loop.
func TestSeveralAggregationsInOnePass(t *testing.T) {
	const size = 2 * time.Minute
	for name, keep := range map[string]func(click) bool{
		"all":          func(click) bool { return true },
		"with amounts": func(c click) bool { return c.Amount > 0 },
	} {
		want, users := map[string]totals{}, map[string]map[string]bool{}
		for _, c := range clicks() {
			if !keep(c) {
				continue
			}
			at := c.Action + " " + clock(c.At.Truncate(size).UnixMilli())
			r, ok := want[at]
			if !ok {
				r.Lowest, users[at] = c.Amount, map[string]bool{}
			}
			users[at][c.User] = true
			r.N, r.Users, r.Sum = r.N+1, int64(len(users[at])), r.Sum+c.Amount
			r.Avg, r.Lowest, r.Highest = float64(r.Sum)/float64(r.N), min(r.Lowest, c.Amount), max(r.Highest, c.Amount)
			want[at] = r
		}
		got := inWindows(t, windowing.Tumbling(size), func(c click) string { return c.Action }, keep)
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// arrival is an event of a time that arrives up to 5 minutes later.
type arrival struct{ event, arrives time.Duration }

// shuffled are 20 events over 30 minutes in some order of arrival.
func shuffled(seed uint64) (list []arrival) {
	rnd := rand.New(rand.NewPCG(seed, 5))
	for i := range 20 {
		event := time.Duration(i) * 90 * time.Second
		list = append(list, arrival{event, event + time.Duration(rnd.Int64N(int64(5*time.Minute))).Truncate(time.Second)})
	}
	slices.SortStableFunc(list, func(a, b arrival) int { return cmp.Compare(a.arrives, b.arrives) })
	return list
}

// arriving counts events in windows of 5 minutes, as they arrive, and returns
// the rows that are left.
func arriving(t *testing.T, list []arrival, w windowing.Windows, opts ...topology.Option) string {
	t.Helper()
	b := topology.New()
	events := topology.Stream[string, string](b, "events", opts...)
	topology.To(windowing.Count(topology.GroupByKey(events), "counts", w).ToStream(), "out")
	d := streamstest.New(t, b, streamstest.Config{})
	in, now := streamstest.In[string, string](d, "events"), time.Duration(0)
	for _, a := range list {
		d.Advance(a.arrives - now)
		now = a.arrives
		in.PipeAt("k", "v", a.event.Milliseconds())
	}
	rows := map[string]totals{}
	for _, r := range streamstest.Out[state.Windowed[string], int64](d, "out").Rest() {
		rows[clock(r.Key.Start)] = totals{N: r.Value}
	}
	return counts(rows)
}

// By event time, with disorder within the grace, the order of arrival makes no
// difference. A watermark that lags does the same without a grace. By processing
// time it is otherwise.
func TestResultsDoNotDependOnTheOrderOfArrival(t *testing.T) {
	const five = 5 * time.Minute
	want := "00:00=4 00:05=3 00:10=3 00:15=4 00:20=3 00:25=3 sum 20"
	byArrival := map[string]bool{}
	for seed := range uint64(50) {
		list := shuffled(seed)
		for name, got := range map[string]string{
			"grace":     arriving(t, list, windowing.Tumbling(five).Grace(five)),
			"watermark": arriving(t, list, windowing.Tumbling(five), topology.WatermarkLag(five)),
		} {
			if got != want {
				t.Fatalf("%s, order %d:\n got %s\nwant %s", name, seed, got, want)
			}
		}
		byArrival[arriving(t, list, windowing.Tumbling(five), topology.WallClockTime())] = true
	}
	if len(byArrival) < 2 {
		t.Errorf("by processing time all is the same: %v", byArrival)
	}
}

// Behind a repartition topic a watermark of the source alone would be without
// effect, and nobody would notice.
func TestAWatermarkThatEndsBeforeTheWindowsIsAnErrorAtBuild(t *testing.T) {
	counting := func(opts ...topology.Option) error {
		b := topology.New()
		in := topology.Stream[string, string](b, "in", topology.WatermarkLag(time.Minute))
		byValue := topology.GroupBy(in, func(_, v string) string { return v }, opts...)
		topology.To(windowing.Count(byValue, "counts", short).ToStream(), "out")
		_, err := b.Describe()
		return err
	}
	if err := counting(); err == nil || !strings.Contains(err.Error(), "eventtime_test.go:") ||
		!strings.Contains(err.Error(), "counts is behind the repartition topic counts, where the watermark of source-1 (") {
		t.Errorf("got %v", err)
	}
	if err := counting(topology.WatermarkLag(time.Minute)); err != nil {
		t.Errorf("with an option of its own: %v", err)
	}
}
