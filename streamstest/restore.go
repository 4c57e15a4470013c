package streamstest

import (
	"fmt"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/state"
)

// restore brings a store to the end of its changelog: from where it was left,
// or from the beginning if it was filled from another log, and says how many
// records that took. A store without a changelog stays as it was left.
func (d *Driver) restore(spec *graph.StoreSpec, s state.Store, number int32) (records int64, err error) {
	at, ok := s.Position()
	if !ok || at.TopicID != d.id {
		at.Next = 0
		if err := s.Clear(); err != nil {
			return 0, fmt.Errorf("restore store %s: %w", spec.Name, err)
		}
	}
	if !spec.Logged {
		return 0, nil
	}
	t := d.topics[d.ChangelogTopic(spec.Name)]
	p := t.partitions[number]
	var b state.Batch
	rows, err := spec.Format.Restoring(s, spec.Retention)
	if err != nil {
		return 0, fmt.Errorf("restore store %s: %w", spec.Name, err)
	}
	if spec.Keep {
		rows.Keep()
	}
	for _, i := range p.records[at.Next:] {
		in := &t.log[i].Input
		rows.Add(&b, state.Write{Key: in.Key, Value: in.Value, Delete: in.Value == nil, Time: in.Time})
	}
	rows.Finish(&b)
	if err := s.Load(&b, d.position(p)); err != nil {
		return 0, fmt.Errorf("restore store %s: %w", spec.Name, err)
	}
	return p.end() - at.Next, nil
}

// position is that of a store which holds all of its changelog.
func (d *Driver) position(p *partition) state.Position {
	return state.Position{TopicID: d.id, Next: p.end(), CurrentAt: d.nowMs}
}

// logBatch writes a batch of a store to its changelog.
func (d *Driver) logBatch(spec *graph.StoreSpec, b *state.Batch, number int32) error {
	t := d.topics[d.ChangelogTopic(spec.Name)]
	for i := range b.Len() {
		w, ok, err := spec.Format.Record(b.At(i), &d.keys)
		if err != nil {
			return fmt.Errorf("changelog of store %s: %w", spec.Name, err)
		}
		if ok {
			d.append(t, number, record(w.Key, w.Value, w.Time))
		}
	}
	d.keys = d.keys[:0]
	return nil
}

// record is a record with bytes of its own.
func record(key, value []byte, timeMs int64) graph.Input {
	n := len(key)
	b := append(append(make([]byte, 0, n+len(value)), key...), value...)
	in := graph.Input{Time: timeMs}
	if key != nil {
		in.Key = b[:n:n]
	}
	if value != nil {
		in.Value = b[n:]
	}
	return in
}
