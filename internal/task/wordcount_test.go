package task_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/task"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
)

// cluster is the two tasks of a word count over logs of committed records: the
// least of a runtime. Its transactions overlap, and abort at random.
type cluster struct {
	*testing.T
	rand  *rand.Rand
	now   int64
	seq   uint64
	logs  map[string][]graph.Input
	tasks []*running
}

type running struct {
	*task.Task
	topic  string
	frozen []*task.Commit
}

// flaky fails every word now and then, and "poison" always.
type flaky struct{ c *cluster }

func (f flaky) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
	if r.Value == "poison" || f.c.rand.IntN(10) == 0 {
		return fmt.Errorf("not today")
	}
	return out.Forward(r)
}

func newCluster(t *testing.T, seed uint64) *cluster {
	c := &cluster{T: t, rand: rand.New(rand.NewPCG(seed, 0)), logs: map[string][]graph.Input{}}
	b := topology.New()
	lines := topology.Stream[string, string](b, "lines")
	words := topology.FlatMapValues(lines, strings.Fields)
	tried := topology.Process(words, func(processor.Context) flaky { return flaky{c} })
	grouped := topology.GroupBy(tried, func(_, word string) string { return word })
	counts := topology.Count(grouped, "counts")
	topology.To(counts.ToStream(), "totals", topology.Serdes(serde.String, serde.DecimalInt64))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	db, err := state.Memory().Open(context.Background(), state.Options{App: "app"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	for _, sub := range g.Subtopologies {
		source := sub.Sources[0]
		topic := source.Source.TopicNames("app")[0]
		stores := map[string]state.Store{}
		for _, s := range sub.Stores {
			if stores[s.Name], err = db.Store(state.ID{Name: s.Name}); err != nil {
				t.Fatal(err)
			}
		}
		made, err := task.New(task.Config{
			App: "app", Sub: sub, Stores: stores, EntryBytes: 2000,
			Topics:    map[*graph.Node][]string{source: {topic}},
			Positions: map[string]int64{topic: 0},
			Policies: processor.Policies{DeadLetterTopic: "dead", Process: processor.Policy{
				Retries: 5, Backoff: time.Millisecond, Then: processor.DeadLetter,
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { made.Close() })
		c.tasks = append(c.tasks, &running{Task: made, topic: topic})
	}
	return c
}

// fetch adds a few committed records to the queue.
func (c *cluster) fetch(r *running) {
	log := c.logs[r.topic]
	from := int(r.Position(r.topic))
	to := min(len(log), from+1+c.rand.IntN(4))
	r.Add(r.topic, log[from:to])
	r.SetLag(r.topic, int64(len(log)-to))
}

func (c *cluster) process(r *running) {
	c.now += int64(c.rand.IntN(5))
	if _, err := r.Process(c.now, 1+c.rand.IntN(5)); err != nil {
		c.Fatal(err)
	}
}

func (c *cluster) freeze(r *running) {
	if len(r.frozen) == 2 {
		return
	}
	c.seq++
	made, err := r.Commit(c.seq, c.now)
	if err != nil {
		c.Fatal(err)
	}
	if made != nil {
		r.frozen = append(r.frozen, made)
	}
}

// settle commits the oldest transaction: its outputs appear, then a marker.
func (c *cluster) settle(r *running) {
	if len(r.frozen) == 0 {
		return
	}
	done := r.frozen[0]
	r.frozen = r.frozen[1:]
	touched := map[string]bool{}
	for i := range done.Out.Len() {
		o := done.Out.At(i)
		c.append(o.Topic, graph.Input{Key: slices.Clone(done.Out.Key(i)), Value: slices.Clone(done.Out.Value(i)), Time: o.Time})
		touched[o.Topic] = true
	}
	for topic := range touched {
		c.append(topic, graph.Input{Control: true})
	}
	r.Settled(done)
	if c.rand.IntN(3) == 0 {
		c.apply(r)
	}
}

// apply brings what has committed since the last call into the stores, each key
// once.
func (c *cluster) apply(r *running) {
	seen := map[string]bool{}
	pruned, err := r.Prune(r.Unapplied())
	if err != nil {
		c.Fatal(err)
	}
	for _, s := range pruned {
		for i := range s.Batch.Len() {
			key := string(s.Batch.At(i).Key)
			if seen[key] {
				c.Fatalf("%q is written twice", key)
			}
			seen[key] = true
		}
		if err := s.Base.Apply(s.Batch, state.Position{}); err != nil {
			c.Fatal(err)
		}
	}
	r.Applied()
}

// abort throws away all transactions that have not settled.
func (c *cluster) abort(r *running) {
	r.frozen = nil
	c.apply(r)
	r.Discard()
}

func (c *cluster) append(topic string, in graph.Input) {
	in.Offset = int64(len(c.logs[topic]))
	c.logs[topic] = append(c.logs[topic], in)
}

// values are the records of a topic without markers, by key.
func (c *cluster) values(topic string) map[string][]string {
	m := map[string][]string{}
	for _, in := range c.logs[topic] {
		if !in.Control {
			m[string(in.Key)] = append(m[string(in.Key)], string(in.Value))
		}
	}
	return m
}

func TestCountsAreExactWhateverAborts(t *testing.T) {
	for seed := range uint64(100) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			c := newCluster(t, seed)
			want := map[string]int{}
			poisoned := 0
			for i := range 60 {
				var line []string
				for range 1 + c.rand.IntN(3) {
					line = append(line, string(rune('a'+c.rand.IntN(6))))
				}
				if c.rand.IntN(20) == 0 {
					line = append(line, "poison")
					poisoned++
				} else {
					for _, word := range line {
						want[word]++
					}
				}
				c.append("lines", graph.Input{Key: []byte("k"), Value: []byte(strings.Join(line, " ")), Time: int64(i)})
			}
			for range 1500 {
				r := c.tasks[c.rand.IntN(2)]
				switch c.rand.IntN(20) {
				case 0:
					c.abort(r)
				case 1, 2, 3:
					c.freeze(r)
				case 4, 5, 6:
					c.settle(r)
				case 7, 8, 9, 10, 11:
					c.fetch(r)
				default:
					c.process(r)
				}
			}
			for _, r := range c.tasks { // drain, upstream first
				for r.Committed(r.topic) < int64(len(c.logs[r.topic])) {
					c.fetch(r)
					c.process(r)
					c.freeze(r)
					c.settle(r)
				}
			}
			dead := c.values("dead")
			if lost := len(dead["k"]); lost < poisoned {
				t.Errorf("%d dead letters for %d poisoned lines", lost, poisoned)
			}
			for _, line := range dead["k"] { // six failures in a row do happen
				if !strings.Contains(line, "poison") {
					for _, word := range strings.Fields(line) {
						want[word]--
					}
				}
			}
			got := c.values("totals")
			for word, n := range want {
				var exact []string
				for i := range n {
					exact = append(exact, strconv.Itoa(i+1))
				}
				if !slices.Equal(got[word], exact) {
					t.Errorf("%s: %v, want 1 to %d", word, got[word], n)
				}
			}
			if len(got["poison"]) > 0 {
				t.Error("a line that failed left a word behind")
			}
		})
	}
}
