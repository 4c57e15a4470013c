package joins_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

func pairText(_, l, r string) string { return l + "|" + r }

// leftText is a joiner of left joins, outerText of outer ones.
func leftText(_, l string, r processor.Maybe[string]) string { return l + "|" + orNone(r) }

func outerText(_ string, l, r processor.Maybe[string]) string { return orNone(l) + "|" + orNone(r) }

func TestMistakesOfStreamJoinsAreErrorsAtBuild(t *testing.T) {
	const s = time.Second
	ok := joins.Within(s).Grace(s)
	inner := func(w joins.Window, opts ...topology.Option) func(left, right stream) {
		return func(left, right stream) { joins.Inner(left, right, "joined", w, pairText, opts...) }
	}
	for _, c := range []struct {
		name, want string
		add        func(left, right stream)
	}{
		{"no lateness", "say how late records may come: joins.Within(d).Grace(d)", inner(joins.Within(s))},
		{"no window", "say how late records may come", inner(joins.Window{})},
		{"negative", "no time is in the window", inner(joins.Within(-s).Grace(s))},
		{"empty", "no time is in the window", inner(joins.Between(0, 0).ExclusiveEnd().Grace(s))},
		{"crossed", "no time is in the window", inner(joins.Between(-2*s, s).Grace(s))},
		{"microseconds", "before is 1.0005s: give whole milliseconds", inner(joins.Between(s+500*time.Microsecond, s).Grace(s))},
		{"negative lateness", "records may be late by 1s and -1s", inner(joins.Within(s).Lateness(s, -s))},
		{"endless lateness", "not Forever", inner(joins.Within(s).Grace(joins.Forever))},
		{"open on both sides", "open on both sides", inner(joins.Within(joins.Forever).Grace(s))},
		{"left forever", "give the window an upper bound", func(left, right stream) {
			joins.Left(left, right, "joined", joins.Between(s, joins.Forever).Grace(s), leftText)
		}},
		{"anti forever", "give the window an upper bound", func(left, right stream) {
			joins.Anti(left, right, "joined", joins.Between(s, joins.Forever).Grace(s))
		}},
		{"outer forever", "give the window a lower bound", func(left, right stream) {
			joins.Outer(left, right, "joined", joins.Between(joins.Forever, s).Grace(s), outerText)
		}},
		{"no joiner", "the function is nil", func(left, right stream) {
			joins.Inner[string, string, string, string](left, right, "joined", ok, nil)
		}},
		{"idle inner", "does not take option CloseIdle", inner(ok, windowing.CloseIdle(s))},
		{"no idle time", "CloseIdle after 0s", func(left, right stream) {
			joins.Left(left, right, "joined", ok, leftText, windowing.CloseIdle(0))
		}},
		{"option", "does not take option TTL", inner(ok, topology.TTL(s))},
		{"value serde", "the values are string and string, and a serde given for them is", inner(ok, topology.ValueSerde(serde.Int64))},
		{"no name", "needs a name", func(left, right stream) { joins.Inner(left, right, "", ok, pairText) }},
		{"option of a part", "part of a join does not take option TTL", func(left, _ stream) {
			joins.One(left, func(to *string, v string) { *to = v }, topology.TTL(s))
		}},
		{"serde of a part", "the values are string and the serde given for them is of int64", func(left, _ stream) {
			joins.One(left, func(to *string, v string) { *to = v }, topology.ValueSerde(serde.Int64))
		}},
		{"no name for many", "needs a name", func(left, right stream) {
			set := func(to *string, v string) { *to = v }
			joins.Streams("", ok, joins.One(left, set), joins.One(right, set))
		}},
		{"other builder", "different builders", func(left, _ stream) {
			joins.Inner(left, topology.Stream[string, string](topology.New(), "other"), "joined", ok, pairText)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := topology.New()
			c.add(topology.Stream[string, string](b, "left"), topology.Stream[string, string](b, "right"))
			_, err := b.Describe()
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "streambuild_test.go:") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// upper writes keys in capitals: a serde of its own.
type upper struct{ serde.Serde[string] }

func (upper) SerdeName() string { return "upper" }

func TestKeysOfBothStreamsMustBeWrittenAlike(t *testing.T) {
	b := topology.New()
	left := topology.Stream[string, string](b, "left", topology.KeySerde[string](upper{serde.String}))
	right := topology.Stream[string, string](b, "right")
	joins.Inner(left, right, "joined", joins.Within(time.Second).Grace(0), pairText)
	_, err := b.Describe()
	if err == nil || !strings.Contains(err.Error(), "are written as upper and those of the right one as string") {
		t.Errorf("got %v", err)
	}
}

type plain struct{ n int } // has no serde of its own

type plainSerde struct{}

func (plainSerde) Append(dst []byte, p plain) ([]byte, error) { return append(dst, byte(p.n)), nil }
func (plainSerde) Decode(b []byte) (plain, error)             { return plain{int(b[0])}, nil }
func (plainSerde) SerdeName() string                          { return "plain" }

// The options of a part are for its own topic and store.
func TestPartsOfManyStreamsTakeOptions(t *testing.T) {
	b := topology.New()
	w := joins.Within(time.Second).Grace(time.Second)
	byValue := topology.SelectKey(topology.Stream[string, string](b, "first"), func(_, v string) string { return v })
	first := joins.One(byValue, func(to *int64, v string) { *to += int64(len(v)) }, topology.KeySerde[string](upper{serde.String}), topology.Unlogged())
	mapped := topology.MapValues(topology.Stream[string, string](b, "second", topology.KeySerde[string](upper{serde.String})), func(v string) plain { return plain{len(v)} })
	second := joins.One(mapped, func(to *int64, p plain) { *to += int64(p.n) }, topology.ValueSerde[plain](plainSerde{}), topology.LogConfig(map[string]string{"segment.ms": "600000"}))
	topology.To(joins.Streams("joined", w, first, second), "out", topology.ValueSerde(serde.DecimalInt64))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	one, two := g.Stores["joined-1-join-store"], g.Stores["joined-2-join-store"]
	if one.Logged || !two.Logged || two.LogConfig["segment.ms"] != "600000" {
		t.Errorf("stores are %+v and %+v", one, two)
	}
	text, err := b.Describe()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"serdes upper, string", "serdes upper, plain"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestStoresAndTopicsAreNamedAsInKafkaStreams(t *testing.T) {
	w := joins.Within(time.Second).Grace(time.Second)
	for kind, names := range map[string][]string{
		"inner": {"joined-this-join-store", "joined-other-join-store"},
		"left":  {"joined-this-join-store", "joined-outer-other-join-store", "joined-left-shared-join-store"},
		"outer": {"joined-outer-this-join-store", "joined-outer-other-join-store", "joined-outer-shared-join-store"},
	} {
		b := topology.New()
		left := topology.SelectKey(topology.Stream[string, string](b, "left"), func(_, v string) string { return v })
		right := topology.SelectKey(topology.Stream[string, string](b, "right"), func(_, v string) string { return v })
		kinds[kind](left, right, w)
		text, err := b.Describe()
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range append(names, "joined-left-repartition", "joined-right-repartition") {
			if !strings.Contains(text, name) {
				t.Errorf("%s: no %s in\n%s", kind, name, text)
			}
		}
	}
}

// A result has the headers of the left record, if that is at hand.
func TestHeadersOfResults(t *testing.T) {
	b := topology.New()
	left, right := topology.Stream[string, string](b, "left"), topology.Stream[string, string](b, "right")
	kinds["outer"](left, right, joins.Within(10*time.Millisecond).Grace(0))
	d := streamstest.New(t, b, streamstest.Config{})
	send := func(topic, key string, at int64) {
		streamstest.In[string, string](d, topic).Send(processor.Record[string, string]{
			Key: key, HasKey: key != "", Value: topic[:1], HasValue: true, Time: at, Headers: []processor.Header{{Key: topic}},
		})
	}
	send("left", "a", 1)
	send("right", "a", 2)
	send("left", "a", 3)
	send("left", "", 3)
	send("right", "", 3)
	send("left", "b", 3)
	send("left", "c", 50)
	var got []string
	for _, r := range streamstest.Out[string, string](d, "out").Rest() {
		text := r.String()
		for _, h := range r.Headers {
			text += " " + h.Key
		}
		got = append(got, text)
	}
	want := "a=l|r@2, a=l|r@3 left, null=l|-@3 left, null=-|r@3, b=l|-@3"
	if text := strings.Join(got, ", "); text != want {
		t.Errorf("got %s\nwant %s", text, want)
	}
}

// What has no match because it has no key is sent on at once, also behind a
// repartition topic (KIP-962).
func TestNullKeysPassTheTopicsOfJoinsThatKeepThem(t *testing.T) {
	none := func(_, v string) (string, error) {
		if strings.HasSuffix(v, "0") {
			return "", processor.Null
		}
		return "k", nil
	}
	for kind, want := range map[string]string{
		"inner": "", "semi": "", "left": "null=l0|-@1", "right": "null=-|r0@2", "outer": "null=-|r0@2 null=l0|-@1", "anti": "null=l0@1",
	} {
		t.Run(kind, func(t *testing.T) {
			b := topology.New()
			left, right := topology.Stream[string, string](b, "left"), topology.Stream[string, string](b, "right")
			kinds[kind](topology.SelectKeyErr(left, none), topology.SelectKeyErr(right, none), joins.Within(time.Second).Grace(time.Hour))
			d := streamstest.New(t, b, streamstest.Config{Partitions: map[string]int{"left": 2, "right": 2}})
			streamstest.In[string, string](d, "left").PipeAt("any", "l0", 1)
			streamstest.In[string, string](d, "right").PipeAt("any", "r0", 2)
			if got := strings.Join(outputs(d, "out"), " "); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// One that joins a stream with itself has one such topic.
func TestNullKeysPassTheTopicOfASelfJoin(t *testing.T) {
	b := topology.New()
	in := topology.SelectKeyErr(topology.Stream[string, string](b, "in"), func(string, string) (string, error) { return "", processor.Null })
	kinds["right"](in, in, joins.Within(time.Second).Grace(time.Hour))
	d := streamstest.New(t, b, streamstest.Config{})
	streamstest.In[string, string](d, "in").PipeAt("any", "x", 1)
	if got := strings.Join(outputs(d, "out"), " "); got != "null=-|x@1" {
		t.Errorf("got %q", got)
	}
}

// A lateness that no duration can add to is one for ever.
func TestRecordsThatMayComeAtAnyTimeAreKeptForEver(t *testing.T) {
	b := topology.New()
	left, right := topology.Stream[string, string](b, "left"), topology.Stream[string, string](b, "right")
	most := time.Duration(math.MaxInt64).Truncate(time.Millisecond)
	kinds["inner"](left, right, joins.Within(time.Hour).Grace(most))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range g.Stores {
		if s.Retention != 0 || s.LogConfig["retention.ms"] != "-1" || !strings.Contains(s.Detail, "retention for ever") {
			t.Errorf("store %s is kept for %s, its changelog for %s ms (%s)", name, s.Retention, s.LogConfig["retention.ms"], s.Detail)
		}
	}
}
