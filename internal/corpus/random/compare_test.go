package random

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/streamstest"
)

// String is the record as key=value@time, with its header.
func (r record) String() string {
	return fmt.Sprintf("%s=%s@%d%s", shown(r.key), shown(r.value), r.time, r.header)
}

func shown(x any) string {
	switch x := x.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("%q", x)
	case garbled:
		return "garbled"
	}
	return fmt.Sprint(x)
}

// compare fails the test if the engine's outputs are not those of the model,
// as far as they are determined.
func (tr *trial) compare(t *rapid.T, d *streamstest.Driver, m *model) {
	for i, s := range tr.plan.steps {
		var topics []string
		switch s.op {
		case "to":
			topics = []string{s.name}
		case "to-chosen":
			topics = []string{s.name + "-0", s.name + "-1"}
		}
		for _, topic := range topics {
			f := tr.plan.flows[s.in[0]]
			if s.op == "to-chosen" {
				f = f.sparse()
			}
			read := typesOf(s.key, s.value).read(d, topic)
			for _, r := range read {
				if want := partition(r.key, tr.partitions); r.key != nil && r.partition != want {
					t.Fatalf("%s: %v is in partition %d and not in %d", topic, r, r.partition, want)
				}
			}
			f = f.through(tr.plan.eager, topic, tr.partitions)
			if got, want := f.text(read), f.text(m.out[topic]); got != want {
				t.Fatalf("%s (step %d), %v:\n got %s\nwant %s", topic, i, f.order, got, want)
			}
		}
	}
}

// read returns the records of a topic.
func (on[K, V]) read(d *streamstest.Driver, topic string) (list []record) {
	for _, r := range streamstest.Out[K, V](d, topic).All() {
		out := record{time: r.Time, partition: int(r.Partition)}
		for _, h := range r.Headers {
			if h.Key == header { // others tell how late a record is
				out.header += string(h.Value)
			}
		}
		if r.HasKey {
			out.key = r.Key
		}
		if r.HasValue {
			out.value = r.Value
		}
		list = append(list, out)
	}
	return list
}

// text shows of the records of a topic what is determined. Null keys have no
// partition of their own: unless all is ordered, they come in any order.
func (f flow) text(records []record) string {
	var lines []string
	for _, r := range records {
		if f.headless {
			r.header = ""
		}
		lines = append(lines, r.String())
	}
	switch f.order {
	case total:
	case perKey:
		slices.SortStableFunc(lines, func(a, b string) int {
			keyA, valueA, _ := strings.Cut(a, "=")
			keyB, valueB, _ := strings.Cut(b, "=")
			if keyA == "null" && keyB == "null" {
				return strings.Compare(valueA, valueB)
			}
			return strings.Compare(keyA, keyB)
		})
	case bag:
		slices.Sort(lines)
	case last:
		final := map[any]record{}
		for _, r := range records {
			if final[r.key] = r; r.value == nil {
				delete(final, r.key) // of what never was, nothing need be told
			}
		}
		lines = nil
		for _, r := range final {
			if f.timeless {
				r.time = 0
			}
			lines = append(lines, r.String())
		}
		slices.Sort(lines)
	case unknown:
		return ""
	}
	return strings.Join(lines, " ")
}
