package streamstest

import (
	"bytes"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// Output reads the committed records of a topic.
type Output[K, V any] struct {
	d    *Driver
	name string
	ks   serde.Serde[K]
	vs   serde.Serde[V]
	next int // place in the log
}

// Record is a record as it lies in a topic.
type Record[K, V any] struct {
	processor.Record[K, V]
	Partition int32
	Offset    int64
}

// String is the record as key=value@time; a null is "null".
func (r Record[K, V]) String() string {
	key, value := "null", "null"
	if r.HasKey {
		key = fmt.Sprint(r.Key)
	}
	if r.HasValue {
		value = fmt.Sprint(r.Value)
	}
	return fmt.Sprintf("%s=%s@%d", key, value, r.Time)
}

// Out makes an Output of any topic: one that the topology writes, the
// dead-letter topic, a changelog (Driver.ChangelogTopic) or an input. It reads
// from the beginning, each Output on its own. Options and serdes are those of
// In.
func Out[K, V any](d *Driver, topic string, opts ...topology.Option) *Output[K, V] {
	d.tb.Helper()
	if !d.mayExist(topic) {
		d.tb.Fatalf("streamstest: nothing writes the topic %q, the topology writes %s", topic, d.writtenNames())
	}
	ks, vs := serdes[K, V](d, topic, opts)
	return &Output[K, V]{d: d, name: topic, ks: ks, vs: vs}
}

func (d *Driver) mayExist(topic string) bool {
	return d.topics[topic] != nil || topic == d.cfg.Errors.DeadLetterTopic && topic != "" ||
		slices.ContainsFunc(d.graph.Nodes, func(n *graph.Node) bool {
			return n.Sink != nil && (n.Sink.Chosen || n.Sink.TopicName(d.cfg.AppID) == topic)
		})
}

// Read returns the next record; there must be one.
func (out *Output[K, V]) Read() Record[K, V] {
	out.d.tb.Helper()
	if out.Len() == 0 {
		out.d.tb.Fatalf("streamstest: topic %s has no more records, %d were read", out.name, out.next)
	}
	out.next++
	return out.at(out.next - 1)
}

// Rest returns the records that were not read yet.
func (out *Output[K, V]) Rest() []Record[K, V] {
	out.d.tb.Helper()
	var rest []Record[K, V]
	for out.Len() > 0 {
		rest = append(rest, out.Read())
	}
	return rest
}

// Text is Rest in one line: "be=2@7, or=1@7".
func (out *Output[K, V]) Text() string {
	out.d.tb.Helper()
	var b strings.Builder
	for i, r := range out.Rest() {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(r.String())
	}
	return b.String()
}

// All returns all records, read or not, in the order in which they were
// committed.
func (out *Output[K, V]) All() []Record[K, V] {
	out.d.tb.Helper()
	all := make([]Record[K, V], len(out.log()))
	for i := range all {
		all[i] = out.at(i)
	}
	return all
}

// Latest yields what compaction would leave: the last value of each key, in
// the order of their encodings, and none for keys whose last value is a null.
func (out *Output[K, V]) Latest() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		out.d.tb.Helper()
		last := map[string]int{}
		for i := range out.log() {
			last[string(out.log()[i].Key)] = i
		}
		for _, i := range slices.SortedFunc(maps.Values(last), func(a, b int) int {
			return bytes.Compare(out.log()[a].Key, out.log()[b].Key)
		}) {
			if r := out.at(i); r.HasKey && r.HasValue && !yield(r.Key, r.Value) {
				return
			}
		}
	}
}

// Len is the number of records that were not read yet.
func (out *Output[K, V]) Len() int { return len(out.log()) - out.next }

func (out *Output[K, V]) log() []entry {
	if t := out.d.topics[out.name]; t != nil {
		return t.log
	}
	return nil
}

// at decodes the record at a place in the log.
func (out *Output[K, V]) at(i int) (r Record[K, V]) {
	out.d.tb.Helper()
	e := &out.log()[i]
	r.Time, r.Headers, r.Partition, r.Offset = e.Time, e.Headers, e.partition, e.Offset
	var err error
	if r.HasKey = e.Key != nil || graph.IsNull(out.ks) != nil; e.Key != nil {
		r.Key, err = out.ks.Decode(e.Key)
	}
	if r.HasValue = e.Value != nil || graph.IsNull(out.vs) != nil; e.Value != nil && err == nil {
		r.Value, err = out.vs.Decode(e.Value)
	}
	if err != nil {
		out.d.tb.Fatalf("streamstest: topic %s partition %d offset %d: %v: give Out the serdes that the topic was written with",
			out.name, r.Partition, r.Offset, err)
	}
	return r
}
