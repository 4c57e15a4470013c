package random

import (
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"
)

// record is a record of a stream, or the change of a row of a table: value is
// then the new row and old the one before. A null, or no row, is nil.
type record struct {
	key, value, old any
	time            int64
	stale           bool   // it is older than the row, which it leaves as it is
	partition       int    // of the task that has it; in a topic, its own
	header          string // its only one, "" for none
}

// row is what a store has for a key.
type row struct {
	value  any   // of tables and processors
	values []any // of aggregations: all that went in
	gone   []any // and what was taken out without that
	time   int64
	done   bool // of windows: it has been sent on, when it was over
}

// place is a key in a partition of a step's store.
type place struct {
	step, partition int
	key             any
}

// model evaluates a plan naively: each input record goes through all of it
// before the next one comes.
type model struct {
	*plan
	rows    map[place]row
	waiting []delivery          // records in repartition topics, oldest first
	out     map[string][]record // of topics that users read
	failed  bool                // the record in hand leaves no trace
	now     int64               // stream time of the task that has it
	held    []heldRow           // until the record in hand is through

	ofStep  []*subtopology // that each step and each topic belongs to
	ofTopic map[string]*subtopology
	wall    int64           // the clock, in milliseconds
	quiet   map[place]quiet // of topics that may be idle, and joins whose input may be
}

// delivery is a record in a repartition topic.
type delivery struct {
	topic string
	record
}

func newModel(p *plan) *model {
	m := &model{plan: p, rows: map[place]row{}, out: map[string][]record{}, quiet: map[place]quiet{}}
	m.ofStep, m.ofTopic = p.subtopologies()
	m.start()
	return m
}

// feed evaluates a record of a source's topic.
func (m *model) feed(source int, r record) {
	topic := m.steps[source].name
	m.atomically(func() {
		m.passes(topic, r)
		m.receive(source, 0, r)
	})
	m.watch(m.ofTopic[topic], r.partition)
	m.drain()
}

// drain evaluates what is in repartition topics.
func (m *model) drain() {
	for len(m.waiting) > 0 {
		d := m.waiting[0]
		m.waiting = m.waiting[1:]
		m.atomically(func() {
			m.passes(d.topic, d.record)
			m.all(m.behindTopic[d.topic], d.record)
		})
		m.watch(m.ofTopic[d.topic], d.partition)
	}
}

// row is the row at a place, unless its time to live is over.
func (m *model) row(at place) (r row, has bool) {
	r, has = m.rows[at]
	if ttl := m.steps[at.step].ttl; ttl > 0 && r.time+ttl <= m.now {
		return row{}, false
	}
	return r, has
}

// atomically does what one task does with one record: all of it, or nothing
// if an operator refuses it, which the policy answers by skipping the record.
func (m *model) atomically(do func()) {
	rows, waiting, out := maps.Clone(m.rows), slices.Clone(m.waiting), maps.Clone(m.out)
	do()
	m.complete()
	if m.held = nil; m.failed {
		m.rows, m.waiting, m.out, m.failed = rows, waiting, out, false
	}
}

// emit hands a record to all that is behind a step.
func (m *model) emit(i int, r record) { m.all(m.behind[i], r) }

func (m *model) all(edges []edge, r record) {
	for _, e := range edges {
		switch {
		case m.failed:
			return
		case e.topic == "":
			m.receive(e.to, e.port, r)
		case r.key != nil || e.nulls:
			d := delivery{e.topic, r}
			if d.partition = 0; r.key != nil { // or else in any of them
				d.partition = partition(r.key, m.partitionsOf[e.topic])
			}
			m.waiting = append(m.waiting, d)
		}
	}
}

// write adds a record to a topic that users read. What atomically goes back to is
// shorter, and has its own end: joins of many may write thousands of records.
func (m *model) write(topic string, r record) { m.out[topic] = append(m.out[topic], r) }

// partition is that of Kafka's default partitioner.
func partition(key any, n int) int {
	p := kgo.StickyKeyPartitioner(nil).ForTopic("")
	return p.Partition(&kgo.Record{Key: encode(key)}, n)
}

// receive is a record that comes to an input port of a step.
func (m *model) receive(i, port int, r record) {
	s := &m.steps[i]
	switch s.joins() {
	case streamsJoin:
		m.meet(i, port, r)
	case manyStreams:
		m.meetMany(i, port, r)
	case tableLookup:
		m.lookup(i, port, r)
	case tablesJoin:
		m.tables(i, port, r)
	case foreignJoin, foreignList:
		m.foreign(i, port, r)
	case globalLookup:
		m.lookupGlobal(i, r)
	case enrichment:
		m.enrich(i, port, r)
	default:
		m.unjoined(i, r)
	}
}

// unjoined is a record that comes to a step that joins nothing.
func (m *model) unjoined(i int, r record) {
	s := &m.steps[i]
	switch s.op {
	case "suppress":
		m.suppress(i, r)
	case "deduplicate":
		m.deduplicate(i, r)
	case "rank-by":
		m.rankBy(i, r)
	case "top":
		m.top(i, r)
	default:
		m.shaped(i, r)
	}
}

// shaped is a record that comes to a step whose shape says what it does.
func (m *model) shaped(i int, r record) {
	s := &m.steps[i]
	switch s.shape {
	case globalTable:
		if r.key != nil {
			m.put(place{step: i, key: r.key}, row{value: r.value}, r.value != nil)
		}
	case table:
		if s.history > 0 {
			m.version(i, r)
		} else if s.op == "table" || s.op == "to-table" {
			m.upsert(i, r)
		} else if m.steps[s.in[0]].shape == table {
			m.derive(i, r)
		} else if m.steps[s.in[0]].shape == groupedTable {
			m.refold(i, r)
		} else {
			m.fold(i, r)
		}
	case groupedTable:
		m.regroup(i, r)
	case windowed:
		m.window(i, r)
	default:
		m.stateless(i, r)
	}
}
