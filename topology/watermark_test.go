package topology_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

func TestMistakesWithWatermarks(t *testing.T) {
	none := func(processor.Record[string, string]) (int64, error) { return -1, nil }
	for _, c := range []struct {
		want    string
		options []topology.Option
	}{
		{"stream: WatermarkLag, WatermarkAscending and WatermarkOf exclude each other", []topology.Option{topology.WatermarkLag(0), topology.WatermarkOf(none)}},
		{"stream: the function of WatermarkOf is nil", []topology.Option{topology.WatermarkOf[string, string](nil)}},
		{"stream: the option WatermarkLag needs whole milliseconds, 0 or more", []topology.Option{topology.WatermarkLag(-time.Second)}},
		{"stream: the option WatermarkLag needs whole milliseconds, 0 or more", []topology.Option{topology.WatermarkLag(time.Microsecond)}},
		{"stream: the option WatermarkIdle needs a time of at least 1ms", []topology.Option{topology.WatermarkIdle(0)}},
		{"source: the records are of string, string and the function of WatermarkOf takes string, int64", []topology.Option{
			topology.WatermarkOf(func(processor.Record[string, int64]) (int64, error) { return 0, nil }),
		}},
	} {
		b := topology.New()
		topology.Stream[string, string](b, "in", c.options...)
		at := line(-1)
		if _, err := b.Describe(); err == nil || err.Error() != at+": "+c.want {
			t.Errorf("got %v\nwant %s: %s", err, at, c.want)
		}
	}
	b := topology.New()
	topology.GroupByKey(topology.Stream[string, string](b, "in"), topology.WatermarkLag(0))
	if _, err := b.Describe(); err == nil || !strings.Contains(err.Error(), "is for a repartition topic, and the keys have not changed: use Repartition") {
		t.Errorf("group by key: %v", err)
	}
	b = topology.New()
	rows := topology.Table[string, string](b, "in", "rows")
	topology.GroupTable(rows, func(k, v string) topology.Pair[string, string] {
		return topology.Pair[string, string]{Key: v, Value: k}
	}, topology.WatermarkLag(0))
	if _, err := b.Describe(); err == nil || !strings.Contains(err.Error(), "group-table does not take option Watermark...") {
		t.Errorf("group table: %v", err)
	}
}

// What the function sees, and that its errors are those of a record that
// cannot be decoded, without the value in the text.
func TestWatermarkFunctionSeesTheRecordAndMayFail(t *testing.T) {
	b := topology.New()
	var seen []processor.Record[string, string]
	topology.To(topology.Stream[string, string](b, "in", topology.TimeField(func(v string) string { return v[:4] }, "2006", nil),
		topology.WatermarkOf(func(r processor.Record[string, string]) (int64, error) {
			seen = append(seen, r)
			switch r.Key {
			case "bad":
				return 0, errors.New("no watermark")
			case "nanoseconds":
				return time.Now().UnixNano(), nil
			}
			return r.Time, nil
		}), topology.OnDecodeError(processor.Policy{Then: processor.Skip})), "out")
	var failed []string
	d := streamstest.New(t, b, streamstest.Config{OnError: func(e *processor.Error, _ processor.Action) { failed = append(failed, e.Error()) }})
	in := streamstest.In[string, string](d, "in")
	in.Pipe("k", "1971 secret")
	in.Pipe("bad", "1972 secret")
	in.Pipe("nanoseconds", "1973 secret")
	in.Pipe("k", "a time")
	year := time.Date(1971, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	if len(seen) != 3 || seen[0].Value != "1971 secret" || seen[0].Time != year || !seen[0].HasKey || !seen[0].HasValue {
		t.Errorf("seen %+v", seen)
	}
	if got := d.Status().Tasks[0].StreamTimeMs; got != year {
		t.Errorf("stream time %d, want %d", got, year)
	}
	for i, want := range []string{"watermark: no watermark", "watermark: the time of", "timestamp: the time field does not have the layout"} {
		if len(failed) != 3 || !strings.Contains(failed[i], want) || !strings.HasPrefix(failed[i], "decode: ") || strings.Contains(failed[i], "secret") {
			t.Fatalf("errors %q, want %q", failed, want)
		}
	}
}

func TestDescriptionsSayHowWatermarksGo(t *testing.T) {
	b := topology.New()
	a := topology.Stream[string, string](b, "a", topology.WatermarkLag(time.Minute), topology.WatermarkIdle(30*time.Second))
	c := topology.Stream[string, string](b, "c", topology.WatermarkAscending())
	topology.To(a.Merge(c), "out")
	topology.To(topology.Table[string, string](b, "t", "rows", topology.WatermarkIdle(time.Second)).ToStream(), "rows-out")
	topology.To(topology.Repartition(topology.Stream[string, string](b, "e"), "again",
		topology.WatermarkOf(func(processor.Record[string, string]) (int64, error) { return -1, nil })), "again-out")
	text, err := b.Describe()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"watermark 1m0s behind, idle after 30s", "watermark ascending", "watermark at the highest time, idle after 1s", "watermark by a function",
	} {
		if strings.Count(text, want) != 1 {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func TestSplitLateNeedsMilliseconds(t *testing.T) {
	b := topology.New()
	onTime, _ := topology.Stream[string, string](b, "in").SplitLate(-time.Second)
	at := line(-1)
	topology.To(onTime, "out")
	want := at + ": split-late: records are late after -1s: give whole milliseconds, 0 or more"
	if _, err := b.Describe(); err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}
