package joins_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

type (
	textStream = topology.KStream[string, string]
	textTable  = topology.KTable[string, string]
)

func concat(_, l, r string) string { return l + "|" + r }

func concatLeft(_, l string, r processor.Maybe[string]) string {
	if !r.OK {
		return l + "|-"
	}
	return l + "|" + r.Value
}

func textSides(b *topology.Builder, opts ...topology.Option) (textStream, textTable) {
	return topology.Stream[string, string](b, "left"), topology.Table[string, string](b, "right", "rows", opts...)
}

// past is a table as the list of its updates, in the order in which they came.
type past []struct {
	key, value string
	at         int64
	deleted    bool
}

// row is the last update of a key, or of a versioned table the one that was valid
// at a time.
func (p past) row(key string, versioned bool, asOf int64) string {
	row, since := "-", int64(-1)
	for _, u := range p {
		if u.key != key || versioned && (u.at > asOf || u.at < since) {
			continue
		}
		if row, since = u.value, u.at; u.deleted {
			row = "-"
		}
	}
	return row
}

// Whatever the order of records, updates and crashes: a record sees the row that
// a list of all updates has.
func TestRecordsSeeTheRowOfTheirKey(t *testing.T) {
	for _, versioned := range []bool{false, true} {
		t.Run(fmt.Sprint("versioned=", versioned), func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				b := topology.New()
				var opts []topology.Option
				if versioned {
					opts = append(opts, topology.Versioned(time.Hour))
				}
				left, right := textSides(b, opts...)
				topology.To(joins.InnerTable(left, right, concat), "inner")
				topology.To(joins.LeftTable(left, topology.MapTable(right.Filter(func(_, v string) bool { return v != "v0" }), strings.ToUpper), concatLeft), "derived")
				d := streamstest.New(t, b, streamstest.Config{CommitEvery: rapid.IntRange(1, 9).Draw(r, "commit")})
				defer d.Close()
				stream, rows := streamstest.In[string, string](d, "left"), streamstest.In[string, string](d, "right")
				var all past
				var inner, derived []string
				for i := range rapid.IntRange(1, 60).Draw(r, "records") {
					key := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r, "key")
					at := rapid.Int64Range(0, 40).Draw(r, "time")
					value := fmt.Sprint("v", i)
					switch rapid.IntRange(0, 5).Draw(r, "what") {
					case 0, 1:
						rows.PipeAt(key, value, at)
						all = append(all, struct {
							key, value string
							at         int64
							deleted    bool
						}{key, value, at, false})
					case 2:
						rows.Send(processor.Record[string, string]{Key: key, HasKey: true, Time: at})
						all = append(all, struct {
							key, value string
							at         int64
							deleted    bool
						}{key, "", at, true})
					default:
						stream.PipeAt(key, value, at)
						row := all.row(key, versioned, at)
						if row != "-" {
							inner = append(inner, fmt.Sprintf("%s=%s|%s@%d", key, value, row, at))
						}
						if row = strings.ToUpper(row); row == "V0" {
							row = "-"
						}
						derived = append(derived, fmt.Sprintf("%s=%s|%s@%d", key, value, row, at))
					}
					if rapid.IntRange(0, 20).Draw(r, "crash") == 0 {
						d.Commit()
						d.Crash()
					}
				}
				d.Commit()
				for topic, want := range map[string][]string{"inner": inner, "derived": derived} {
					if got := streamstest.Out[string, string](d, topic).Text(); got != strings.Join(want, ", ") {
						r.Fatalf("%s:\n got %s\nwant %s", topic, got, strings.Join(want, ", "))
					}
				}
			})
		})
	}
}

func TestResultsHaveTheHeadersOfTheStream(t *testing.T) {
	b := topology.New()
	left, right := textSides(b)
	topology.To(joins.InnerTable(left, right, concat), "out")
	d := streamstest.New(t, b, streamstest.Config{})
	streamstest.In[string, string](d, "right").Send(processor.Record[string, string]{Key: "k", HasKey: true, Value: "r", HasValue: true, Time: 90,
		Headers: []processor.Header{{Key: "table", Value: []byte("1")}}})
	streamstest.In[string, string](d, "left").Send(processor.Record[string, string]{Key: "k", HasKey: true, Value: "l", HasValue: true, Time: 7,
		Headers: []processor.Header{{Key: "stream", Value: []byte("1")}}})
	got := streamstest.Out[string, string](d, "out").Rest()
	if len(got) != 1 || got[0].Time != 7 || len(got[0].Headers) != 1 || got[0].Headers[0].Key != "stream" {
		t.Errorf("got %+v", got)
	}
}

// A stream whose keys have changed meets the table behind a repartition topic,
// which has as many partitions as the table.
func TestRekeyedStreamsAreRepartitioned(t *testing.T) {
	b := topology.New()
	left, right := textSides(b)
	byValue := topology.SelectKey(left, func(_, v string) string { return v })
	topology.To(joins.LeftTable(byValue, right, concatLeft, topology.Name("joined")), "out")
	d := streamstest.New(t, b, streamstest.Config{Partitions: map[string]int{"left": 2, "right": 5}})
	for i := range int64(20) {
		streamstest.In[string, string](d, "right").PipeAt(fmt.Sprint("k", i), fmt.Sprint("row", i), i)
	}
	for i := range int64(20) {
		streamstest.In[string, string](d, "left").PipeAt("any", fmt.Sprint("k", i), i)
	}
	for _, r := range streamstest.Out[string, string](d, "out").All() {
		if want := fmt.Sprint(r.Key, "|row", r.Time); r.Value != want {
			t.Errorf("got %s, want %s", r.Value, want)
		}
	}
	if text, _ := b.Describe(); !strings.Contains(fmt.Sprint(text), "joined-repartition") {
		t.Errorf("no topic joined-repartition:\n%v", text)
	}
}

// A left join has a use for null keys, also behind a repartition topic (KIP-962).
func TestNullKeysAreKeptByLeftJoins(t *testing.T) {
	b := topology.New()
	left, right := textSides(b)
	first := topology.SelectKeyErr(left, func(_, v string) (string, error) {
		if v == "none" {
			return "", processor.Null
		}
		return v, nil
	})
	topology.To(joins.LeftTable(first, right, concatLeft, topology.Name("left-joined")), "left-out")
	topology.To(joins.InnerTable(first, right, concat, topology.Name("joined")), "out")
	d := streamstest.New(t, b, streamstest.Config{Partitions: map[string]int{"left": 2, "right": 2}})
	streamstest.In[string, string](d, "right").PipeAt("k", "row", 1)
	streamstest.In[string, string](d, "left").PipeAt("any", "none", 2)
	streamstest.In[string, string](d, "left").PipeAt("any", "k", 3)
	got := streamstest.Out[string, string](d, "left-out").Rest()
	if len(got) != 2 || got[0].HasKey || got[0].Value != "none|-" || got[1].Value != "k|row" {
		t.Errorf("got %+v", got)
	}
	if got := streamstest.Out[string, string](d, "out").Text(); got != "k=k|row@3" {
		t.Errorf("got %s", got)
	}
	if n := d.Dropped("joined-repartition-sink", "null_key"); n != 1 {
		t.Errorf("%d null keys dropped before the inner join", n)
	}
}

func TestMistakesOfLookupsAreErrorsAtBuild(t *testing.T) {
	versioned := topology.Versioned(time.Minute)
	name, grace := topology.Name("joined"), joins.Grace(time.Second)
	joined := func(opts ...topology.Option) func(textStream, textTable) {
		return func(l textStream, r textTable) { joins.InnerTable(l, r, concat, opts...) }
	}
	self := func(k, _ string) (string, bool) { return k, true }
	for _, c := range []struct {
		name, want string
		table      []topology.Option
		add        func(left textStream, right textTable)
	}{
		{"no name", "goes through a repartition topic, which is named after the join: give it the option Name", nil, func(l textStream, r textTable) {
			joins.InnerTable(topology.SelectKey(l, func(_, v string) string { return v }), r, concat)
		}},
		{"no joiner", "join-table: the function is nil", nil, func(l textStream, r textTable) { joins.InnerTable[string, string, string, string](l, r, nil) }},
		{"no left joiner", "left-join-table: the function is nil", nil, func(l textStream, r textTable) { joins.LeftTable[string, string, string, string](l, r, nil) }},
		{"option", "join-table does not take option TTL", nil, joined(topology.TTL(time.Second))},
		{"other builder", "join-table: the table belongs to another builder", nil, func(l textStream, _ textTable) {
			joins.InnerTable(l, topology.Table[string, string](topology.New(), "right", "rows"), concat)
		}},
		{"grace of a plain table", "Grace needs a table that knows what its rows were: give the table the option Versioned(1s)", nil, joined(name, grace)},
		{"grace without name", "which is named after the join: give it the option Name", []topology.Option{versioned}, joined(grace)},
		{"no grace", "the grace is 0s", []topology.Option{versioned}, joined(name, joins.Grace(0))},
		{"grace beyond history", "the table forgets what was 1m0s ago and records wait for 2m0s: give the table the option Versioned(2m0s)", []topology.Option{versioned},
			joined(name, joins.Grace(2*time.Minute))},
		{"idle without grace", "the option CloseIdle is for what waits", nil, joined(windowing.CloseIdle(time.Second))},
		{"unlogged without grace", "the option Unlogged is for what waits", nil, joined(topology.Unlogged())},
		{"idle for no time", "CloseIdle after 0s", []topology.Option{versioned}, joined(name, grace, windowing.CloseIdle(0))},
		{"serde", "the values are string and the serde given for them is of int64", []topology.Option{versioned}, joined(name, grace, topology.ValueSerde(serde.Int64))},
		{"global of another builder", "join-global: the table belongs to another builder", nil, func(l textStream, _ textTable) {
			joins.InnerGlobal(l, topology.GlobalTable[string, string](topology.New(), "g", "g-rows"), self, concat)
		}},
		{"global without key", "join-global: the function is nil", nil, func(l textStream, _ textTable) {
			joins.InnerGlobal(l, joins.StaticMap(map[string]string{}), nil, concat)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := topology.New()
			c.add(textSides(b, c.table...))
			_, err := b.Describe()
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "streamtable_test.go:") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
