package random

import (
	"math"
	"slices"
)

// The model of stream time: that of tasks whose sources have watermarks, and how
// it goes on with the wall clock.

// Where the watermark of a topic, the stream time of a task and that of a step
// are kept.
type (
	markOf string
	timeOf int
)

// quiet is since when there has been nothing, by the wall clock.
type quiet struct {
	since int64
	idle  bool
	time  int64 // stream time at that moment, of a join
}

// time is what is kept at a place, -1 if nothing is.
func (m *model) time(at place) int64 {
	if r, has := m.rows[at]; has {
		return r.time
	}
	return -1
}

// passes notes the stream time of the task that gets a record: by watermarks, or
// the highest time of all that it got from the topic before, and of this one.
func (m *model) passes(topic string, r record) {
	sub := m.ofTopic[topic]
	if len(sub.topics) == 0 {
		at := place{step: -1, partition: r.partition, key: topic}
		m.now = max(m.rows[at].time, r.time)
		m.rows[at] = row{time: m.now}
		return
	}
	m.heard(topic, r.partition)
	if w := m.marks[topic]; w != nil {
		at := place{-1, r.partition, markOf(topic)}
		m.rows[at] = row{time: max(m.time(at), w.says(r))}
	}
	m.raise(sub, topic, r)
}

// heard notes that a partition had something to read, if it cannot be read.
func (m *model) heard(topic string, partition int) {
	if m.marks[topic] != nil {
		m.quiet[place{-1, partition, markOf(topic)}] = quiet{since: m.wall}
	}
}

// raise moves stream time to the lowest watermark of what is not idle, or to the
// highest if all is. That of the topic that a record is from counts no further
// than to its time.
func (m *model) raise(sub *subtopology, from string, r record) {
	lowest, highest, all := int64(math.MaxInt64), int64(-1), true
	for _, topic := range sub.topics {
		at := place{-1, r.partition, markOf(topic)}
		ms := m.time(at)
		if topic == from && m.marks[topic].by == "function" {
			ms = min(ms, r.time)
		}
		highest = max(highest, ms)
		if !m.quiet[at].idle {
			lowest, all = min(lowest, ms), false
		}
	}
	if all {
		lowest = highest
	}
	at := place{-1, r.partition, timeOf(sub.id)}
	m.now = max(m.time(at), lowest)
	m.rows[at] = row{time: m.now}
}

// watch has records that wait see the stream time since a record, or since
// another topic is idle.
func (m *model) watch(sub *subtopology, partition int) {
	if len(sub.topics) == 0 {
		return
	}
	m.raise(sub, "", record{partition: partition})
	for _, i := range sub.waiting {
		m.atomically(func() { m.until(i, partition, m.tick(i, record{partition: partition, time: -1})) })
	}
}

// until sends on what has waited long enough at a stream time.
func (m *model) until(i, partition int, now int64) {
	switch s := &m.steps[i]; {
	case s.windows != nil:
		m.closeWindows(i, partition, now)
	case s.hold != nil:
		m.pass(i, partition, now)
	case s.grace > 0:
		m.release(i, partition, now)
	default:
		m.decide(i, partition, now)
	}
}

// tick is the stream time of a join since a record.
func (m *model) tick(i int, r record) (now int64) {
	at := place{i, r.partition, timeOf(i)}
	now = r.time
	if len(m.ofStep[i].topics) > 0 {
		now = m.time(place{-1, r.partition, timeOf(m.ofStep[i].id)})
	}
	now = max(m.time(at), now)
	m.rows[at] = row{time: now}
	return now
}

// sweep is how long the wall clock goes on at a time, and its step.
const (
	advanced = 30_000
	moment   = 500
)

// advance moves the wall clock on.
func (m *model) advance() {
	for end := m.wall + advanced; m.wall < end; {
		m.wall += moment
		for partition := range mostPartitions {
			for i := range m.steps {
				m.closeIdle(i, partition)
			}
			for _, sub := range m.subs() {
				if sub.ticking && m.rest(sub, partition) {
					m.watch(sub, partition)
					m.drain()
				}
			}
		}
	}
}

// subs are the subtopologies, each once.
func (m *model) subs() (list []*subtopology) {
	for _, sub := range m.ofStep {
		if !slices.Contains(list, sub) {
			list = append(list, sub)
		}
	}
	return list
}

// rest says whether a topic has become idle.
func (m *model) rest(sub *subtopology, partition int) (some bool) {
	for _, topic := range sub.topics {
		at := place{-1, partition, markOf(topic)}
		q := m.quiet[at]
		if limit := m.marks[topic].idle; limit > 0 && !q.idle && m.wall-q.since >= limit {
			q.idle, some = true, true
			m.quiet[at] = q
		}
	}
	return some
}

// closeIdle has the stream time of a join go on with the wall clock: no further
// than what it lets go of needs.
func (m *model) closeIdle(i, partition int) {
	s := &m.steps[i]
	at := place{i, partition, timeOf(i)}
	q := m.quiet[at]
	if s.idle == 0 || m.wall%1000 != 0 || m.time(at) < 0 || m.wall-q.since < s.idle {
		return
	}
	now := min(q.time, m.time(at)) + m.wall - q.since
	if s.grace == 0 {
		m.rows[at] = row{time: max(m.time(at), m.needed(i, partition, now))}
	}
	m.atomically(func() { m.until(i, partition, now) })
	m.drain()
}

// needed is the stream time that decides all that is decided at another one.
func (m *model) needed(i, partition int, now int64) (ms int64) {
	s := &m.steps[i]
	ms = -1
	if s.windows != nil {
		for _, at := range m.spans(i, partition, func(at span) bool { return s.sentAt(at.end) <= now }) {
			if !m.rows[place{i, partition, at}].done {
				ms = max(ms, s.sentAt(at.end))
			}
		}
		return ms
	}
	for side := range 2 {
		for _, one := range m.met(i, side, partition) {
			if s.keeps(side) && !one.matched && !one.done && s.window.decided(side, one.time, now) {
				ms = max(ms, s.window.decidedAt(side, one.time))
			}
		}
	}
	return ms
}

// awake notes that a join that closes by the wall clock had a record.
func (m *model) awake(i int, r record, now int64) {
	if m.steps[i].idle > 0 {
		m.quiet[place{i, r.partition, timeOf(i)}] = quiet{since: m.wall, time: now}
	}
}

// restart is that of all tasks: nothing has been idle for them.
func (m *model) restart() {
	for at := range m.quiet {
		q := quiet{since: m.wall}
		if _, ok := at.key.(timeOf); ok {
			q.time = m.time(at)
		}
		m.quiet[at] = q
	}
}

// start begins to look how long there has been nothing.
func (m *model) start() {
	for partition := range mostPartitions {
		for topic := range m.marks {
			m.quiet[place{-1, partition, markOf(topic)}] = quiet{}
		}
		for i := range m.steps {
			m.quiet[place{i, partition, timeOf(i)}] = quiet{}
		}
	}
}
