package joins

import (
	"bytes"
	"fmt"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/state"
)

// foreignLeft is what a foreign-key join does where the left rows are: it tells
// the tasks of foreign keys which rows have them, and makes rows of what they
// answer.
//
//	port 0: changes of left rows     port 1: answers
type foreignLeft[K, L, KR, R, KO, V any] struct {
	*foreignJoin[K, L, KR, R, KO, V]
	rows      graph.Getter[K, L]
	results   state.KeyValue[KO, V]
	task      graph.Task
	box       *graph.Outbox
	topic     string // of the subscriptions
	partition int32  // of the task: where answers are to go
	out       graph.Receiver[KO, graph.Change[V]]

	nullKey, outOfDate, stale *uint64
	m                         graph.Meta
	old, now                  foreignKeys[KR]
	row, key                  []byte // scratch
	places                    int    // partitions of topic, 0 if not known
}

// leftInstance is Node.New of the node where the left rows are.
func (j *foreignJoin[K, L, KR, R, KO, V]) leftInstance(view graph.View[K, L]) func(graph.Task, []any) ([]any, error) {
	return func(t graph.Task, outs []any) (_ []any, err error) {
		r := &foreignLeft[K, L, KR, R, KO, V]{
			foreignJoin: j, results: t.Store(j.node.Name).(state.KeyValue[KO, V]),
			task: t, box: t.Outbox(), topic: t.Topic(j.node.Sink), partition: t.ID().Partition,
			out:     outs[0].(graph.Receiver[KO, graph.Change[V]]),
			nullKey: t.Counter(j.node, "null_key"), outOfDate: t.Counter(j.node, "out_of_date"), stale: t.Counter(j.node, "stale"),
		}
		if r.rows, err = view.Open(t); err != nil {
			return nil, err
		}
		return []any{r, foreignAnswers[K, L, KR, R, KO, V]{r}}, nil
	}
}

// Receive says which foreign keys a left row has now, and which it does not have
// any more. What only went into the history of a versioned table changes neither
// (KIP-914).
func (r *foreignLeft[K, L, KR, R, KO, V]) Receive(key K, c graph.Change[L], m *graph.Meta) (err error) {
	if c.Stale {
		*r.stale++
		return nil
	}
	if !c.HasOld && !c.HasNew {
		return nil
	}
	r.m = graph.Meta{Time: m.Time}
	row, err := r.digest(c.New, c.HasNew)
	if err == nil {
		err = r.list(&r.old, key, c.Old, c.HasOld)
	}
	if err == nil {
		err = r.list(&r.now, key, c.New, c.HasNew)
	}
	if err != nil {
		return graph.At(r.node, err)
	}
	if r.many {
		return r.sayEach(key, row)
	}
	return r.say(key, row)
}

// say is for rows with at most one foreign key, and says what Kafka Streams
// does.
func (r *foreignLeft[K, L, KR, R, KO, V]) say(key K, row digest) error {
	had, has := r.old.len() > 0, r.now.len() > 0
	moved := had && !(has && bytes.Equal(r.old.at(0), r.now.at(0)))
	switch {
	case r.inner && !has && had:
		return r.send(r.old.at(0), key, r.old.keys[0], forgetAndSay, row)
	case r.inner && !has:
		return nil
	}
	if moved {
		if err := r.send(r.old.at(0), key, r.old.keys[0], forget, row); err != nil {
			return err
		}
	}
	switch {
	case !has: // the answer comes from anywhere
		return r.send(nil, key, *new(KR), answer, row)
	case r.inner && !moved:
		return r.send(r.now.at(0), key, r.now.keys[0], answerIfAny, row)
	}
	return r.send(r.now.at(0), key, r.now.keys[0], answer, row)
}

// sayEach is for rows with a list of foreign keys: each one makes a row of its
// own in the result, which has the foreign key or has none.
func (r *foreignLeft[K, L, KR, R, KO, V]) sayEach(key K, row digest) error {
	for i := range r.old.len() {
		if _, still := r.now.find(r.old.at(i)); still {
			continue
		}
		if err := r.send(r.old.at(i), key, r.old.keys[i], forgetAndSay, row); err != nil {
			return err
		}
	}
	do := answer
	if r.inner {
		do = answerIfAny
	}
	for i := range r.now.len() {
		if err := r.send(r.now.at(i), key, r.now.keys[i], do, row); err != nil {
			return err
		}
	}
	return nil
}

// send writes a subscription; encoded is nil for a row without a foreign key.
func (r *foreignLeft[K, L, KR, R, KO, V]) send(encoded []byte, key K, foreign KR, do instruction, row digest) (err error) {
	if r.key, err = r.made.Append(r.key[:0], r.keyOf(key, foreign)); err != nil {
		return refused(r.node, "key of the result", r.topic, err)
	}
	partition, size := int32(-1), -1
	if encoded != nil {
		size = len(encoded)
		if partition, err = r.place(encoded, foreign); err != nil {
			return refused(r.node, "key", r.topic, err)
		}
	}
	slab := append(r.box.Slab(), encoded...)
	value := len(slab)
	slab = appendSubscription(slab, &subscription{do: do, row: row, partition: r.partition}, r.key)
	r.box.Add(slab, r.topic, partition, size, len(slab)-value, &r.m)
	return nil
}

// place is the partition of a foreign key, -1 for the one that Kafka's default
// partitioner gives it.
func (r *foreignLeft[K, L, KR, R, KO, V]) place(encoded []byte, foreign KR) (_ int32, err error) {
	if r.choose == nil && r.partitionKey == nil {
		return -1, nil
	}
	if r.places == 0 {
		if r.places, err = r.task.Partitions(r.topic); err != nil {
			return -1, err
		}
	}
	if r.choose == nil {
		return graph.Partition(r.partitionKey(encoded), r.places), nil
	}
	p := r.choose(r.topic, foreign, *new(R), r.places)
	if p < 0 || p >= r.places {
		return -1, fmt.Errorf("the Partitioner chose partition %d of %d", p, r.places)
	}
	return int32(p), nil
}

// digest is that of a left row, or of none.
func (r *foreignLeft[K, L, KR, R, KO, V]) digest(row L, has bool) (digest, error) {
	if !has {
		return digest{}, nil
	}
	b, err := r.left.Append(r.row[:0], row)
	if err != nil {
		return digest{}, refused(r.node, "left row", r.topic, err)
	}
	r.row = b
	return digestOf(b), nil
}

// list fills l with the foreign keys of a left row, or of none.
func (r *foreignLeft[K, L, KR, R, KO, V]) list(l *foreignKeys[KR], key K, row L, has bool) error {
	l.clear()
	if !has {
		return nil
	}
	if err := l.fill(r.foreign, r.keys(l.keys, key, row)); err != nil {
		return refused(r.node, "foreign key", r.topic, err)
	}
	return nil
}
