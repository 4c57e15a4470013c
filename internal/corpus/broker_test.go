package corpus

import (
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

func TestMain(m *testing.M) { os.Exit(kafkatest.Main(m)) }

// onBroker is a part whose application runs on a broker.
type onBroker struct {
	t    *testing.T
	b    *kafkatest.Broker
	part Part
	cfg  streamstest.Config
	// steps are what the driver says after each command.
	steps []streamstest.Result
	// prefix of the topics that the topology names, where other parts use the
	// broker. Those that it finds or chooses keep their names.
	prefix string
	topics map[string]string // the names on the broker of all that it reads or writes
	piped  int               // records produced so far
}

// newOnBroker makes the topics of a part.
func newOnBroker(t *testing.T, b *kafkatest.Broker, part Part, prefix string) *onBroker {
	t.Helper()
	o := &onBroker{t: t, b: b, part: part, prefix: prefix, topics: map[string]string{}}
	o.cfg, o.steps = part.Play(t, streamstest.Mode{})
	for i := range o.steps {
		o.steps[i].Stores = nil // nobody outside can read those
	}
	for topic := range o.cfg.Partitions {
		o.topics[topic] = topic
	}
	for topic := range o.last().Topics {
		o.topics[topic] = topic
	}
	if topic := o.cfg.Errors.DeadLetterTopic; topic != "" {
		o.topics[topic] = prefix + topic
		o.cfg.Errors.DeadLetterTopic = prefix + topic
	}
	userTopics(t, part.Builder(), func(topic string) string {
		o.topics[topic] = prefix + topic
		return topic
	})
	for topic, name := range o.topics {
		// The scripts' times are in 1970: retention would delete the records.
		b.CreateTopic(t, name, max(1, o.cfg.Partitions[topic]), "retention.ms", "-1")
	}
	return o
}

func (o *onBroker) last() streamstest.Result { return o.steps[len(o.steps)-1] }

// userTopics calls name for each topic that the topology names and has it take
// the result in its place. A topology is meant for one set of topics; that they
// can be changed before it is compiled for good is for this test alone.
func userTopics(t *testing.T, b *topology.Builder, name func(string) string) {
	t.Helper()
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	sources := make([]*graph.Source, 0, len(g.Nodes))
	for _, n := range g.Nodes {
		if n.Source != nil && n.Source.Repartition == nil {
			sources = append(sources, n.Source)
		}
		if n.Sink != nil && n.Sink.Repartition == nil && !n.Sink.Chosen {
			n.Sink.Topic = name(n.Sink.Topic)
		}
	}
	for _, global := range g.Globals {
		sources = append(sources, global.Source)
	}
	for _, s := range sources {
		for i, topic := range s.Topics {
			s.Topics[i] = name(topic)
		}
	}
}

// app is an instance of the part's application.
func (o *onBroker) app(id string) *millrace.App {
	o.t.Helper()
	b := o.part.Builder()
	userTopics(o.t, b, func(topic string) string { return o.topics[topic] })
	cfg := millrace.Config{AppID: id, Client: o.b.Options(), Workers: 1, Errors: o.cfg.Errors}
	if o.cfg.AtLeastOnce {
		cfg.Guarantee = millrace.AtLeastOnce
	}
	a, err := millrace.New(b, cfg)
	if err != nil {
		o.t.Fatal(err)
	}
	return a
}

// produce writes what the driver was given up to a step, as far as that has
// not been done, and at most so much that all of it has one topic. It reports
// whether it has written anything.
func (o *onBroker) produce(step int) bool {
	o.t.Helper()
	piped := o.steps[step].Piped[o.piped:]
	n := 0
	for n < len(piped) && piped[n].Topic == piped[0].Topic {
		n++
	}
	var records []*kgo.Record
	for _, p := range piped[:n] {
		r := &kgo.Record{
			Topic: o.topics[p.Topic], Partition: p.Record.Partition, Key: p.Record.Key, Value: p.Record.Value,
			Timestamp: time.UnixMilli(p.Record.Time),
		}
		for _, h := range p.Record.Headers {
			r.Headers = append(r.Headers, kgo.RecordHeader{Key: h.Key, Value: h.Value})
		}
		records = append(records, r)
	}
	if n > 0 {
		o.b.Produce(o.t, records...)
	}
	o.piped += n
	return n > 0
}

// read returns all that is committed in the topics that the application
// writes.
func (o *onBroker) read() streamstest.Result {
	o.t.Helper()
	got := streamstest.Result{Topics: map[string][]streamstest.Record[[]byte, []byte]{}}
	for _, topic := range slices.Sorted(maps.Keys(o.last().Topics)) {
		for _, r := range o.b.ReadCommitted(o.t, o.topics[topic]) {
			got.Topics[topic] = append(got.Topics[topic], streamstest.Record[[]byte, []byte]{
				Record: processor.Record[[]byte, []byte]{
					Key: r.Key, Value: r.Value, Time: r.Timestamp.UnixMilli(), HasKey: r.Key != nil, HasValue: r.Value != nil,
				},
			})
		}
	}
	return got
}

// compare compares what is there with what the driver says after a step.
func (o *onBroker) compare(step int, got streamstest.Result) {
	o.t.Helper()
	if diff := o.part.Diff(o.steps[step], got); diff != "" {
		o.t.Errorf("%s: %s", o.part.Commands[step].At, diff)
	}
}

// runs reports whether the part can run on a broker without the commands
// listed. The driver alone commits by hand and goes down at a step of a commit.
func (p Part) runs(without ...string) bool {
	return p.Matrix() != "off" && !p.Has("commit") && !p.Uses(append(without, "fault")...) &&
		!slices.ContainsFunc(p.Commands, func(c Command) bool { return c.Name == "crash" && c.argument("at") != "" })
}
