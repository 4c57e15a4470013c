package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// recovery brings a folder into a state that kfake loads correctly, whatever
// moment its last owner ended at. It runs at every start: an orderly end is
// only the case with the least to do.
//
// kfake alone would, after SIGKILL, abort open transactions in memory only (the
// next crash revives their records if the producer has committed since), forget
// offsets staged in them, leave a transaction half committed if it was just
// being ended, lose the end of a log that was emptied, and answer a repeated
// commit of a lost transaction with success.
type recovery struct {
	dir        string
	journal    *journaled
	partitions []*partition
	producers  map[int64]*producer
	windows    []window
}

// producer is a producer id as pids.log and the partitions' logs know it.
type producer struct {
	epoch     int16
	ended     bool // the last entry in pids.log is an end, at epoch
	open      []openTransaction
	committed int16 // highest epoch with a commit marker, -1 without
}

// openTransaction is a transaction's part in one log, without its marker.
type openTransaction struct {
	partition *partition
	epoch     int16
}

// recoverDir repairs dir and returns the journal to go on with.
func recoverDir(dir string) (*recovery, error) {
	r := &recovery{dir: dir, producers: make(map[int64]*producer)}
	if err := restoreBackup(dir); err != nil {
		return nil, err
	}
	var err error
	if r.journal, err = readJournal(dir); err != nil {
		return nil, err
	}
	for _, step := range []func() error{
		r.readProducers,
		r.scanPartitions,
		func() error { return readStateLog(groupsLog(dir), func([]byte) error { return nil }) },
		r.settle,
		r.writeWindows,
		r.dropSessions,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	// What the transactions left is settled and in kfake's files now.
	clear(r.journal.producers)
	return r, nil
}

func (r *recovery) producer(pid int64) *producer {
	p := r.producers[pid]
	if p == nil {
		p = &producer{committed: -1}
		r.producers[pid] = p
	}
	return p
}

func (r *recovery) readProducers() error {
	return readStateLog(pidsLog(r.dir), func(data []byte) error {
		var e pidEntry
		if err := json.Unmarshal(data, &e); err != nil {
			return fmt.Errorf("pids.log: %w", err)
		}
		p := r.producer(e.PID)
		p.epoch, p.ended = e.Epoch, e.Type == "endtx"
		return nil
	})
}

// scanPartitions reads all logs. Floors of deleted topics are forgotten here.
func (r *recovery) scanPartitions() error {
	topics, err := readTopics(r.dir)
	if err != nil {
		return err
	}
	floors := make(map[partitionKey]floor)
	for _, t := range topics {
		for n := range t.Partitions {
			p := &partition{topic: t, number: n, dir: partitionDir(r.dir, t.Name, n)}
			key := partitionKey{t.ID, n}
			f, err := p.takeSnapshot(r.journal.floors[key])
			if err != nil {
				return err
			}
			if err := r.scan(p); err != nil {
				return err
			}
			if p.base < 0 && f.end > 0 {
				if err := p.fill(f.end); err != nil {
					return err
				}
				f.start = f.end
			}
			if f != (floor{}) {
				floors[key] = f
			}
			r.partitions = append(r.partitions, p)
		}
	}
	r.journal.floors = floors
	return nil
}

// scan reads one log: which transactions are open in it, which were committed,
// and the last batches of every producer.
func (r *recovery) scan(p *partition) error {
	open := make(map[int64]int16)
	windows := make(map[int64]*window)
	err := p.scan(func(b *kmsg.RecordBatch) {
		switch {
		case b.ProducerID < 0:
		case b.Attributes&attrControl != 0:
			delete(open, b.ProducerID)
			if commits(b) {
				pr := r.producer(b.ProducerID)
				pr.committed = max(pr.committed, b.ProducerEpoch)
			}
		default:
			if b.Attributes&attrTransactional != 0 {
				open[b.ProducerID] = b.ProducerEpoch
			}
			w := windows[b.ProducerID]
			if w == nil {
				w = &window{PID: b.ProducerID, Topic: p.topic.Name, Partition: p.number}
				windows[b.ProducerID] = w
			}
			w.add(b)
		}
	})
	for pid, epoch := range open {
		pr := r.producer(pid)
		pr.open = append(pr.open, openTransaction{p, epoch})
	}
	// Compaction removes records from batches, so that sequence numbers of a
	// compacted log cannot be trusted.
	if !p.topic.compacted() {
		for _, w := range windows {
			r.windows = append(r.windows, *w)
		}
	}
	return err
}

func (t topic) compacted() bool { return strings.Contains(t.Configs["cleanup.policy"], "compact") }

// takeSnapshot removes kfake's summary of the log, which recovery outdates, and
// keeps what only it knows: where the log starts, and where an empty one ends.
func (p *partition) takeSnapshot(f floor) (floor, error) {
	path := filepath.Join(p.dir, "snapshot.json")
	raw, err := os.ReadFile(path)
	if err != nil {
		if os.IsNotExist(err) {
			err = nil
		}
		return f, err
	}
	var snap struct {
		Start int64 `json:"log_start_offset"`
		End   int64 `json:"high_watermark"`
	}
	if err := json.Unmarshal(raw, &snap); err != nil {
		return f, fmt.Errorf("%s: %w", path, err)
	}
	return floor{max(f.start, snap.Start), max(f.end, snap.End)}, nil
}

// dropSnapshots removes the summaries. It comes last of all that reads them, so
// that a crash during recovery leaves them to the next one.
func (r *recovery) dropSnapshots() error {
	var errs []error
	for _, p := range r.partitions {
		errs = append(errs, removeIfThere(filepath.Join(p.dir, "snapshot.json")))
	}
	return errors.Join(errs...)
}

// dropSessions removes the transactions from what kfake saved for its next
// start, since they are settled. Group members stay.
func (r *recovery) dropSessions() error {
	path := filepath.Join(r.dir, "session_state.json")
	raw, err := os.ReadFile(path)
	if err != nil {
		if os.IsNotExist(err) {
			return nil
		}
		return err
	}
	var state map[string]json.RawMessage
	if err := json.Unmarshal(raw, &state); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	delete(state, "inProgressTxns")
	if raw, err = json.Marshal(state); err != nil {
		return err
	}
	return writeFile(path, raw)
}
