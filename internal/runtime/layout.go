package runtime

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace-io/millrace/changelog"
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// layout is the topology on the topics of the cluster: which task reads what.
type layout struct {
	app    string
	graph  *graph.Graph
	counts *graph.Layout
	source map[string]*graph.Node // by full topic name
	ids    map[string][16]byte    // of all topics
	infos  map[string]changelog.Info
	// late are inputs that came up while the instance ran: nothing in them may
	// be skipped, wherever the source starts.
	late map[tp]bool
}

// layout is the present one; it is replaced when inputs have grown.
func (i *Instance) layout() *layout { return i.topics.Load() }

// wanted is a task that could run on a set of partitions.
type wanted struct {
	id     processor.TaskID
	sub    *graph.Subtopology
	topics map[*graph.Node][]string
}

// inputs are the partitions that the task reads, in order.
func (w wanted) inputs() []tp {
	var tps []tp
	for _, names := range w.topics {
		for _, name := range names {
			tps = append(tps, tp{name, w.id.Partition})
		}
	}
	sortTPs(tps)
	return tps
}

// tasks lists the tasks all of whose partitions are in owned.
func (l *layout) tasks(owned map[tp]bool) []wanted {
	var found []wanted
	for _, sub := range l.graph.Subtopologies {
		for p := range int32(l.counts.Tasks[sub.ID]) {
			if t, ok := l.task(sub, p); ok && l.complete(t, owned) {
				found = append(found, t)
			}
		}
	}
	return found
}

func (l *layout) task(sub *graph.Subtopology, partition int32) (wanted, bool) {
	t := wanted{processor.TaskID{Subtopology: sub.ID, Partition: partition}, sub, make(map[*graph.Node][]string)}
	for _, in := range l.counts.Inputs[sub.ID] {
		if int(partition) < in.Partitions {
			t.topics[in.Source] = append(t.topics[in.Source], in.Topic)
		}
	}
	return t, len(t.topics) > 0
}

func (l *layout) complete(t wanted, owned map[tp]bool) bool {
	return !slices.ContainsFunc(t.inputs(), func(p tp) bool { return !owned[p] })
}

// topics are all that the group subscribes to.
func (l *layout) topics() []string {
	var names []string
	for name := range l.source {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// prepare looks at the cluster's topics, lays the topology out on them, and
// makes the internal topics. It retries while brokers are away.
func (i *Instance) prepare(ctx context.Context) (*layout, error) {
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		l, err := i.lookAround(ctx)
		if err == nil {
			return l, nil
		}
		if ctx.Err() != nil || !brokerAway(err) {
			return nil, err
		}
		i.log.Warn("no broker answers, trying again", "err", err)
		if !sleep(ctx, pause) {
			return nil, err
		}
	}
}

func (i *Instance) lookAround(ctx context.Context) (*layout, error) {
	counts, ids, err := i.clusterTopics(ctx)
	if err != nil {
		return nil, err
	}
	l := &layout{app: i.cfg.App, graph: i.cfg.Graph, source: make(map[string]*graph.Node), ids: ids}
	l.counts, err = i.cfg.Graph.Layout(
		func(src *graph.Node) []string { return sourceTopics(i.cfg.App, src.Source, counts) },
		func(topic string) (int, bool) { n, ok := counts[topic]; return n, ok },
	)
	if err := errors.Join(err, i.checkGlobals(counts), i.checkOutputs(counts)); err != nil {
		return nil, err
	}
	var internal []changelog.Topic
	for _, sub := range i.cfg.Graph.Subtopologies {
		for _, in := range l.counts.Inputs[sub.ID] {
			l.source[in.Topic] = in.Source
			if r := in.Source.Source.Repartition; r != nil {
				internal = append(internal, changelog.Topic{
					Name: in.Topic, Kind: changelog.Repartition, Partitions: int32(in.Partitions),
					ReplicationFactor: i.cfg.ReplicationFactor, Why: "what is written to it",
				})
			}
		}
		for _, s := range sub.Stores {
			if !s.Logged {
				continue
			}
			internal = append(internal, changelog.Topic{
				Name: graph.ChangelogTopic(i.cfg.App, s.Name), Kind: changelog.Changelog,
				Partitions: int32(l.counts.Tasks[sub.ID]), ReplicationFactor: i.cfg.ReplicationFactor,
				Configs: s.LogConfig, Why: fmt.Sprintf("store %q of subtopology %d", s.Name, sub.ID),
			})
		}
	}
	l.infos, err = changelog.Ensure(ctx, i.admin, internal)
	for name, info := range l.infos {
		l.ids[name] = info.ID
	}
	return l, err
}

// checkOutputs reports topics that the application writes and that are not
// there. Were it found out with the first record for one, then only when the
// broker has refused it for some time, and for dead letters on the worst day.
func (i *Instance) checkOutputs(exist map[string]int) error {
	if i.admin.OptValue(kgo.AllowAutoTopicCreation).(bool) {
		return nil
	}
	var errs []error
	for _, sub := range i.cfg.Graph.Subtopologies {
		for _, n := range sub.Sinks {
			if _, ok := exist[n.Sink.Topic]; !ok && n.Sink.Repartition == nil && !n.Sink.Chosen {
				errs = append(errs, fmt.Errorf("%s: topic %s, which is written here, does not exist: create it before the application starts", n.Line, n.Sink.Topic))
			}
		}
	}
	if dead := i.cfg.Policies.DeadLetterTopic; dead != "" {
		if _, ok := exist[dead]; !ok {
			errs = append(errs, fmt.Errorf("dead-letter topic %s does not exist: create it before the application starts", dead))
		}
	}
	return errors.Join(errs...)
}

// clusterTopics lists all topics with their partition counts and ids.
func (i *Instance) clusterTopics(ctx context.Context) (map[string]int, map[string][16]byte, error) {
	resp, err := kmsg.NewPtrMetadataRequest().RequestWith(ctx, i.admin)
	if err != nil {
		return nil, nil, fmt.Errorf("list topics: %w", err)
	}
	counts, ids := make(map[string]int), make(map[string][16]byte)
	for _, t := range resp.Topics {
		if t.Topic == nil || t.ErrorCode != 0 && !kerr.IsRetriable(kerr.ErrorForCode(t.ErrorCode)) {
			continue
		}
		counts[*t.Topic], ids[*t.Topic] = len(t.Partitions), t.TopicID
	}
	i.outputs.set(counts)
	return counts, ids, nil
}

// sourceTopics are the full names of what a source reads, of those that exist
// if it has a pattern.
func sourceTopics(app string, src *graph.Source, exist map[string]int) []string {
	if src.Pattern == "" {
		return src.TopicNames(app)
	}
	re := regexp.MustCompile(src.Pattern) // checked at build
	var names []string
	for name := range exist {
		if re.MatchString(name) && !graph.Internal(app, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func byTopic(tps []tp) map[string][]int32 {
	m := make(map[string][]int32)
	for _, p := range tps {
		m[p.topic] = append(m[p.topic], p.partition)
	}
	return m
}

func eachTP(m map[string][]int32) iter.Seq[tp] {
	return func(yield func(tp) bool) {
		for topic, partitions := range m {
			for _, p := range partitions {
				if !yield(tp{topic, p}) {
					return
				}
			}
		}
	}
}

func sortTPs(tps []tp) {
	slices.SortFunc(tps, func(a, b tp) int {
		return cmp.Or(cmp.Compare(a.topic, b.topic), cmp.Compare(a.partition, b.partition))
	})
}
