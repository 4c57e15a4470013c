package topology_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/internal/task"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// byLength puts a record where the length of its key says.
func byLength(_, key, _ string, partitions int) int { return len(key) % partitions }

func TestPartitionerChoosesWhereRecordsGo(t *testing.T) {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	topology.To(in, "out", topology.Partitioner(byLength))
	again := topology.Repartition(in, "again", topology.Partitions(2), topology.Partitioner(byLength))
	topology.To(again, "behind")
	topology.ToChosen(in, func(_, _ string) string { return "chosen" }, topology.Partitioner(byLength))
	d := streamstest.New(t, b, streamstest.Config{Partitions: map[string]int{"out": 3, "chosen": 4}})
	records := streamstest.In[string, string](d, "in")
	for _, key := range []string{"", "a", "aa", "aaa", "aaaa"} {
		records.PipeAt(key, "v", 1)
	}
	for topic, want := range map[string]string{"out": "0 1 2 0 1", "test-again-repartition": "0 1 0 1 0", "chosen": "0 1 2 3 0"} {
		var got []string
		for _, r := range streamstest.Out[string, string](d, topic).Rest() {
			got = append(got, fmt.Sprint(r.Partition))
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%s: partitions %s, want %s", topic, got, want)
		}
	}
}

func TestPartitionThatDoesNotExistIsAProduceError(t *testing.T) {
	for _, p := range []int{-1, 1, 1 << 40} {
		b := topology.New()
		topology.To(topology.Stream[string, string](b, "in"), "out", topology.Name("writer"),
			topology.Partitioner(func(_, _, _ string, _ int) int { return p }))
		r := run(t, b)
		var failed *processor.Error
		err := r.try("in", "k=v@1")
		if !errors.As(err, &failed) || failed.Class != processor.Produce || failed.Node != "writer" ||
			!strings.Contains(err.Error(), fmt.Sprintf("the Partitioner chose partition %d of topic out, which has 1", p)) {
			t.Errorf("%d: got %v", p, err)
		}
		if got := r.took(); got != "" {
			t.Errorf("wrote %s", got)
		}
	}
}

// The number of partitions is asked for once in each transaction: a topic may
// grow.
func TestPartitionerSeesTopicsGrow(t *testing.T) {
	b := topology.New()
	var seen []int
	topology.To(topology.Stream[string, string](b, "in"), "out", topology.Partitioner(func(_, _, _ string, n int) int {
		seen = append(seen, n)
		return n - 1
	}))
	partitions, asked := 1, 0
	r := run(t, b, func(c *task.Config) {
		c.Partitions = func(string) (int, error) { asked++; return partitions, nil }
	})
	r.send("in", "k=v@1")
	partitions = 5
	r.send("in", "k=v@2")
	if fmt.Sprint(seen) != "[1 5]" || asked != 2 {
		t.Errorf("saw %v, asked %d times", seen, asked)
	}
}

func TestTopicIsChosenPerRecord(t *testing.T) {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	topology.ToChosen(in, func(key, value string) string {
		switch {
		case key == "none":
			return ""
		case value == "":
			return "empty"
		}
		return "out-" + value
	}, topology.Name("spread"))
	r := run(t, b)
	r.want("k=a@1", "out-a k=a@1")
	r.want("k=b@2", "out-b k=b@2")
	r.want("k=a@3", "out-a k=a@3")
	r.want("k=~@4", "empty k=~@4")
	r.want("~=a@5", "out-a ~=a@5")
	r.want("none=a@6", "")
	if got, want := r.drops(), "spread no_topic 1"; got != want {
		t.Errorf("dropped %q, want %q", got, want)
	}
	if text := r.graph.Describe(); !strings.Contains(text, "-> a topic per record") {
		t.Error(text)
	}
}

func TestChosenTopicMustExistAndBeNoInternalOne(t *testing.T) {
	b := topology.New()
	topology.ToChosen(topology.Stream[string, string](b, "in"), func(_, v string) string { return v }, topology.Name("spread"))
	errMissing := errors.New("no such topic")
	r := run(t, b, func(c *task.Config) {
		c.Partitions = func(topic string) (int, error) {
			if topic == "missing" {
				return 0, errMissing
			}
			return 1, nil
		}
	})
	for value, want := range map[string]string{"missing": "no such topic", "app-s-changelog": "an internal topic of the application"} {
		var failed *processor.Error
		err := r.try("in", "k="+value+"@1")
		if !errors.As(err, &failed) || failed.Class != processor.Produce || failed.Node != "spread" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", value, err)
		}
		r.tasks[0].Discard()
	}
	if got := r.took(); got != "" {
		t.Errorf("wrote %s", got)
	}
}

// A serde that depends on its topic is asked for each one, once.
func TestChosenTopicsHaveSerdesOfTheirOwn(t *testing.T) {
	b := topology.New()
	var asked []string
	topology.ToChosen(topology.Stream[string, string](b, "in", topology.Serdes(serde.String, serde.String)),
		func(_, v string) string { return v }, topology.ValueSerde[string](registry{asked: &asked}))
	r := run(t, b)
	r.want("k=a@1", "a k=a/value:a@1")
	r.want("k=b@2", "b k=b/value:b@2")
	r.want("k=a@3", "a k=a/value:a@3")
	if got := strings.Join(asked, ", "); got != "a value, b value" {
		t.Errorf("asked for %s", got)
	}
}

func TestRepartitionTopicsThatMeetNeedOnePartitioner(t *testing.T) {
	for _, c := range []struct {
		name   string
		second topology.Option
		fails  bool
	}{
		{"the same", topology.Partitioner(byLength), false},
		{"the default", nil, true},
		{"another", topology.Partitioner(func(_, _, _ string, _ int) int { return 0 }), true},
	} {
		b := topology.New()
		left := topology.Repartition(topology.Stream[string, string](b, "left"), "l", topology.Partitioner(byLength))
		right := topology.Repartition(topology.Stream[string, string](b, "right"), "r", c.second)
		topology.Count(topology.GroupByKey(left.Merge(right)), "counts")
		at := line(-1)
		_, err := b.Build()
		if !c.fails && err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.fails && (err == nil || !strings.HasPrefix(err.Error(), at+": counts needs equal keys in equal partitions, but l-repartition-sink (")) {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}

func TestPartitionerIsPartOfTheDescription(t *testing.T) {
	describe := func(opts ...topology.Option) string {
		b := topology.New()
		topology.To(topology.Stream[string, string](b, "in"), "out", opts...)
		text, err := b.Describe()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if with := describe(topology.Partitioner(byLength)); with == describe() || !strings.Contains(with, "partitioner of its own") {
		t.Error(with)
	}
}
