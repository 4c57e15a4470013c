package topology_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

func TestTimestampsComeFromTheExtractor(t *testing.T) {
	b := topology.New()
	var partitionTimes []int64
	in := topology.Stream[string, string](b, "in", topology.Timestamps(
		func(r processor.Record[string, string], partitionTime int64) (int64, error) {
			partitionTimes = append(partitionTimes, partitionTime)
			if !r.HasValue {
				return partitionTime, nil
			}
			return strconv.ParseInt(r.Value, 10, 64)
		}))
	topology.To(in, "out")
	r := run(t, b)
	r.want("k=70@1", "out k=70@70")
	r.want("k=50@2", "out k=50@50")
	r.want("k=~@3", "out k=~@70")
	r.want("k=-5@4", "") // dropped
	if want := []int64{-1, 70, 70, 70}; !cmp.Equal(partitionTimes, want) {
		t.Errorf("partition times %v, want %v", partitionTimes, want)
	}
	var failed *processor.Error
	if err := r.try("in", "k=v@5"); !errors.As(err, &failed) || failed.Class != processor.Decode {
		t.Errorf("got %v", err)
	}
}

func TestRecordsThatCannotBeReadAreDecodeErrors(t *testing.T) {
	for _, record := range []string{"short=12345678@1", "12345678=short@1", "12345678=12345678@-1"} {
		b := topology.New()
		topology.To(topology.Stream[int64, int64](b, "in"), "out")
		r := run(t, b)
		var failed *processor.Error
		if err := r.try("in", record); !errors.As(err, &failed) || failed.Class != processor.Decode || failed.Node != "source-1" {
			t.Errorf("%s: got %v", record, err)
		}
		if got := r.took(); got != "" {
			t.Errorf("%s: wrote %s", record, got)
		}
	}
}

func TestSourceOptionsReachTheGraph(t *testing.T) {
	b := topology.New()
	at := time.UnixMilli(5)
	offsets := map[string]map[int32]int64{"a": {0: 7}}
	policy := processor.Policy{Then: processor.Skip}
	topology.StreamTopics[string, string](b, []string{"a", "b"}, topology.Name("both"),
		topology.FromTime(at), topology.FromOffsets(offsets), topology.LossToLatest(),
		topology.OnDecodeError(policy), topology.MaxRate(10)).ForEach(func(_, _ string) {})
	topology.StreamPattern[string, string](b, "log-.*", topology.FromLatest(), topology.LossToEarliest()).ForEach(func(_, _ string) {})
	offsets["a"][0] = 8 // too late
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	first, second := g.Nodes[0].Source, g.Nodes[2].Source
	first.New, second.New = nil, nil
	text := graph.TopicSerdes{Key: serde.String, Value: serde.String}
	if diff := cmp.Diff(first, &graph.Source{
		Topics: []string{"a", "b"}, DataLoss: graph.DataLossLatest, Decode: &policy, MaxRate: 10,
		Start: graph.Start{At: graph.AtTime, Time: at, Offsets: map[string]map[int32]int64{"a": {0: 7}}}, Serdes: text,
	}); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(second, &graph.Source{
		Pattern: "^(?:log-.*)$", DataLoss: graph.DataLossEarliest, Start: graph.Start{At: graph.Latest}, Serdes: text,
	}); diff != "" {
		t.Error(diff)
	}
}

func TestRecordRefusedByItsSerdeIsAProduceError(t *testing.T) {
	for _, c := range []struct{ key, value serde.Serde[string] }{
		{refusing{}, serde.String}, {serde.String, refusing{}},
	} {
		b := topology.New()
		topology.To(topology.Stream[string, string](b, "in"), "out", topology.Serdes(c.key, c.value), topology.Name("writer"))
		r := run(t, b)
		var failed *processor.Error
		if err := r.try("in", "k=v@1"); !errors.As(err, &failed) || failed.Class != processor.Produce || failed.Node != "writer" || !errors.Is(err, errTest) {
			t.Errorf("got %v", err)
		}
	}
}

type refusing struct{}

func (refusing) Append(dst []byte, _ string) ([]byte, error) { return append(dst, "half"...), errTest }
func (refusing) Decode([]byte) (string, error)               { return "", errTest }

// A serde that depends on its topic is asked for each, and for the internal
// topics without the application's prefix.
func TestSerdesAreToldTheirTopics(t *testing.T) {
	b := topology.New()
	var asked []string
	topology.Register(b, serde.Serde[string](registry{asked: &asked}))
	in := topology.StreamTopics[string, string](b, []string{"a", "b"})
	rows := topology.Reduce(topology.GroupBy(in, func(_, v string) string { return v }), "rows", func(a, _ string) string { return a })
	topology.To(rows.ToStream(), "out")
	r := run(t, b)
	want := []string{
		"a key", "a value", "b key", "b value", "rows-repartition key", "rows-repartition value",
		"rows-repartition key", "rows-repartition value", "rows-changelog key", "rows-changelog value", "out key", "out value",
	}
	if diff := cmp.Diff(asked, want); diff != "" {
		t.Error(diff)
	}
	r.send("a", "k=v@1")
	if got, want := r.took(), "out out/key:v=out/value:v@1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// registry writes the topic and role that it was made for before each string.
type registry struct {
	asked  *[]string
	prefix string
}

func (s registry) ForTopic(topic string, role serde.Role) (serde.Serde[string], error) {
	name := map[serde.Role]string{serde.Key: "key", serde.Value: "value"}[role]
	*s.asked = append(*s.asked, topic+" "+name)
	return registry{s.asked, topic + "/" + name + ":"}, nil
}

func (s registry) Append(dst []byte, v string) ([]byte, error) {
	return append(append(dst, s.prefix...), v...), nil
}

func (s registry) Decode(b []byte) (string, error) {
	for i := len(b); i > 0; i-- {
		if b[i-1] == ':' {
			return string(b[i:]), nil
		}
	}
	return string(b), nil
}

func TestPatternSourceReadsTopicsThatAreFoundLater(t *testing.T) {
	b := topology.New()
	in := topology.StreamPattern[string, string](b, "log-[0-9]+")
	topology.To(in, "out")
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	src := g.Subtopologies[0].Sources[0]
	var got []string
	head, err := src.Source.New(nil, "log-7", []any{receiverFunc(func(k, v string, m *graph.Meta) error {
		got = append(got, fmt.Sprint(k, v, m.Time))
		return nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	rec := parse("k=v@3")
	at, err := head.Load(&rec, -1)
	if err != nil {
		t.Fatal(err)
	}
	if err := head.Deliver(&graph.Meta{Time: at}); err != nil || len(got) != 1 || got[0] != "kv3" {
		t.Errorf("got %v, %v", got, err)
	}
}

type receiverFunc func(string, string, *graph.Meta) error

func (f receiverFunc) Receive(k, v string, m *graph.Meta) error { return f(k, v, m) }

func TestDecodePolicyCanTakeTheValueAsNull(t *testing.T) {
	b := topology.New()
	in := topology.Stream[string, int64](b, "in", topology.FromEarliest(),
		topology.OnDecodeError(processor.Policy{Then: processor.NullValue}))
	topology.To(in, "out")
	run(t, b).want("k=short@1", "out k=~@1")
}

func TestNullsAreRefusedAsThePolicySays(t *testing.T) {
	for _, c := range []struct {
		then processor.Action
		want string
	}{{processor.Skip, ""}, {processor.NullValue, "out k=~@1"}} {
		b := topology.New()
		topology.To(topology.Stream[string, string](b, "in", topology.RefuseNulls(),
			topology.OnDecodeError(processor.Policy{Then: c.then})), "out")
		r := run(t, b)
		r.want("k=~@1", c.want)
		r.want("~=v@2", "out ~=v@2")
	}
	b := topology.New()
	topology.To(topology.Stream[string, string](b, "in", topology.RefuseNulls()), "out")
	var failed *processor.Error
	if err := run(t, b).try("in", "k=~@1"); !errors.As(err, &failed) || failed.Class != processor.Decode || !strings.Contains(err.Error(), "RefuseNulls") {
		t.Errorf("got %v", err)
	}
}

// createdAt finds the text of a field in JSON that is written as it came.
func createdAt(value string) string {
	var v struct {
		CreatedAt string `json:"created_at"`
	}
	if json.Unmarshal([]byte(value), &v) != nil {
		return "no JSON"
	}
	return v.CreatedAt
}

func TestTimeFieldReadsLayoutAndZone(t *testing.T) {
	const order = `{"created_at":"2022-09-10 16:00:01","order_id":1}`
	for _, c := range []struct {
		zone *time.Location
		want int64
	}{
		{nil, time.Date(2022, 9, 10, 16, 0, 1, 0, time.UTC).UnixMilli()},
		{time.FixedZone("CEST", 2*3600), time.Date(2022, 9, 10, 14, 0, 1, 0, time.UTC).UnixMilli()},
	} {
		b := topology.New()
		topology.To(topology.Stream[string, string](b, "in", topology.TimeField(createdAt, time.DateTime, c.zone)), "out")
		r := run(t, b)
		r.want("k=~@7", "out k=~@7") // nothing is known of the partition yet
		r.want("k="+order+"@1", fmt.Sprintf("out k=%s@%d", order, c.want))
		r.want("k=~@2", fmt.Sprintf("out k=~@%d", c.want))
		r.want(`k={"created_at":"1969-12-30 00:00:00"}@3`, "") // dropped
	}
}

func TestTimeFieldThatCannotBeReadIsADecodeError(t *testing.T) {
	for value, want := range map[string]string{
		`{"created_at":"secret"}`:              `the time field does not have the layout "2006-01-02 15:04:05"`,
		`{"created_at":"2022-13-10 16:00:01"}`: `the time field does not have the layout "2006-01-02 15:04:05": month out of range`,
		`{"created_at":""}`:                    `the time field does not have the layout`,
		`{"created_at":"9999-01-01 00:00:00"}`: `is after the year 2262`,
	} {
		b := topology.New()
		topology.To(topology.Stream[string, string](b, "in", topology.TimeField(createdAt, time.DateTime, nil)), "out")
		var failed *processor.Error
		err := run(t, b).try("in", "k="+value+"@1")
		if !errors.As(err, &failed) || failed.Class != processor.Decode || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("the value shows in %v", err)
		}
	}
}

func TestWallClockTimeIsThatOfProcessing(t *testing.T) {
	b := topology.New()
	topology.To(topology.Stream[string, string](b, "in", topology.WallClockTime()), "out")
	r := run(t, b)
	r.now = 1000
	r.want("k=v@-1", "out k=v@1000")
	r.now = 2000
	r.want("k=~@5", "out k=~@2000")
}
