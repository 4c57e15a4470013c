package embedded

import (
	"encoding/json"
	"path/filepath"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// settle decides every transaction that was not over at the crash. kfake ends a
// transaction in this order, all in one step for its clients:
//
//	journal end | markers, log by log | offsets | pids.log endtx | pids.log init
//
// and each "|" is where a crash can have hit.
func (r *recovery) settle() error {
	for pid, p := range r.producers {
		j := r.journal.producers[pid]
		if j == nil {
			j = &journaledProducer{}
		}
		if err := r.settleProducer(pid, p, j); err != nil {
			return err
		}
	}
	return nil
}

func (r *recovery) settleProducer(pid int64, p *producer, j *journaledProducer) error {
	end := j.end
	switch {
	case end != nil && len(j.staged) == 0 && p.unfinished(end, j.ended):
		// The end was asked for and is not done, or not everywhere: do it.
		return r.finish(pid, p, end, j.ended)

	case len(p.open) > 0 || len(j.staged) > 0 && j.staged[0].Epoch >= p.epoch:
		// Open: abort. The epoch rises as after a transaction time-out, which
		// is what it looks like to the producer.
		epoch := p.epoch
		for _, o := range p.open {
			epoch = max(epoch, o.epoch)
			if err := o.partition.appendMarker(pid, o.epoch, false); err != nil {
				return err
			}
		}
		return r.writeEnd(pid, epoch+1, false)

	case end != nil && end.Bumps && end.Commit && p.committed == end.Epoch &&
		(p.epoch == end.Epoch || p.epoch == end.Epoch+1 && !p.ended):
		// Done, but the answer may not have reached the producer. It repeats the
		// request: remember that the answer is yes. The marker is the proof.
		return r.writeEnd(pid, end.Epoch+1, true)
	}
	return nil
}

// unfinished reports whether kfake had not completed an end. With KIP-890 every
// transaction has an epoch of its own, so that records of that epoch without a
// marker prove it. Older clients keep the epoch: of theirs only the first
// transaction of a producer is finished, all others count as open.
func (p *producer) unfinished(end *endEntry, staged []*offsetsEntry) bool {
	current := p.epoch == end.Epoch && !p.ended
	for _, o := range p.open {
		if o.epoch == end.Epoch && (end.Bumps || current) {
			return true
		}
	}
	return current && (len(staged) > 0 || p.committed == end.Epoch)
}

// finish ends a transaction as its producer asked.
func (r *recovery) finish(pid int64, p *producer, end *endEntry, staged []*offsetsEntry) error {
	for _, o := range p.open {
		if err := o.partition.appendMarker(pid, o.epoch, end.Commit); err != nil {
			return err
		}
	}
	if end.Commit && len(staged) > 0 {
		if err := appendStateLog(groupsLog(r.dir), commitsOf(staged)...); err != nil {
			return err
		}
	}
	epoch := end.Epoch
	if end.Bumps {
		epoch++
	}
	return r.writeEnd(pid, max(epoch, p.epoch), end.Commit)
}

func (r *recovery) writeEnd(pid int64, epoch int16, commit bool) error {
	return appendStateLog(pidsLog(r.dir), pidEntry{Type: "endtx", PID: pid, Epoch: epoch, Commit: &commit})
}

// window is the last batches of a producer in a log, by which kfake recognises
// a batch that is sent again (seq_windows.json).
type window struct {
	PID       int64         `json:"pid"`
	Topic     string        `json:"topic"`
	Partition int32         `json:"partition"`
	Entries   [5]windowSlot `json:"entries"`
	Count     uint8         `json:"count"`
	At        uint8         `json:"at"`
	Epoch     int16         `json:"epoch"`
	Seen      bool          `json:"seen"`
	Next      int32         `json:"next_seq"`
}

type windowSlot struct {
	First  int32 `json:"first_seq"`
	Next   int32 `json:"next_seq"`
	Offset int64 `json:"offset"`
}

func (w *window) add(b *kmsg.RecordBatch) {
	if !w.Seen || w.Epoch != b.ProducerEpoch {
		w.Seen, w.Epoch, w.Count, w.At = true, b.ProducerEpoch, 0, 0
	}
	const wrap = 1<<31 - 1 // kfake's, and Kafka's, sequence numbers end here
	w.Next = int32((int64(b.FirstSequence) + int64(b.NumRecords)) % wrap)
	w.Entries[w.At] = windowSlot{b.FirstSequence, w.Next, b.FirstOffset}
	w.At = (w.At + 1) % 5
	w.Count = min(w.Count+1, 5)
}

func (r *recovery) writeWindows() error {
	windows := slices.DeleteFunc(r.windows, func(w window) bool { return r.producers[w.PID] == nil })
	data, err := json.Marshal(map[string]any{"version": formatVersion, "windows": windows})
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(r.dir, "seq_windows.json"), data)
}
