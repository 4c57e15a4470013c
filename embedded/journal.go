package embedded

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
)

// kfake keeps three things only in memory until it is closed in order: offsets
// sent into an open transaction, that a transaction is being ended, and where
// logs start after records were deleted. The journal keeps them on disk. An
// entry is written before kfake acts on its request, so after a crash the
// journal knows at least as much as kfake did.

const (
	journalFile  = "journal.log"
	journalLimit = 8 << 20 // bytes, before the journal is rewritten without what is over
)

// entry is one line of the journal.
type entry struct {
	Offsets *offsetsEntry `json:"offsets,omitempty"`
	End     *endEntry     `json:"end,omitempty"`
	Floor   *floorEntry   `json:"floor,omitempty"`
}

// offsetsEntry is a TxnOffsetCommit.
type offsetsEntry struct {
	PID    int64          `json:"pid"`
	Epoch  int16          `json:"epoch"`
	Group  string         `json:"group"`
	Staged []stagedOffset `json:"staged"`
}

type stagedOffset struct {
	Topic     string  `json:"t"`
	Partition int32   `json:"p"`
	Offset    int64   `json:"o"`
	Epoch     int32   `json:"e"`
	Metadata  *string `json:"m,omitempty"`
}

// endEntry is an EndTxn. Bumps says that the request's version raises the
// producer's epoch at every end (KIP-890).
type endEntry struct {
	PID    int64 `json:"pid"`
	Epoch  int16 `json:"epoch"`
	Commit bool  `json:"commit"`
	Bumps  bool  `json:"bumps"`
}

// floorEntry says that a log starts at Start or later, and ends at End or
// later: kfake restores neither from a log that has become empty.
type floorEntry struct {
	TopicID   string `json:"topic"`
	Partition int32  `json:"p"`
	Start     int64  `json:"start"`
	End       int64  `json:"end"`
}

type partitionKey struct {
	topicID   string
	partition int32
}

// journaled is what the entries add up to.
type journaled struct {
	producers map[int64]*journaledProducer
	floors    map[partitionKey]floor
}

type floor struct{ start, end int64 }

// journaledProducer is the state of one producer id. Entries of older epochs
// than the newest one are of fenced producers: kfake refuses their requests.
type journaledProducer struct {
	epoch  int16
	staged []*offsetsEntry // of the transaction that is open
	end    *endEntry       // last end that was asked for
	ended  []*offsetsEntry // staged in the transaction that end ended
}

func newJournaled() *journaled {
	return &journaled{producers: make(map[int64]*journaledProducer), floors: make(map[partitionKey]floor)}
}

func (j *journaled) producer(pid int64, epoch int16) *journaledProducer {
	p := j.producers[pid]
	if p == nil {
		p = &journaledProducer{epoch: epoch}
		j.producers[pid] = p
	}
	switch {
	case epoch < p.epoch:
		return nil
	case epoch > p.epoch:
		p.epoch, p.staged = epoch, nil
	}
	return p
}

func (j *journaled) apply(e entry) {
	switch {
	case e.Offsets != nil:
		if p := j.producer(e.Offsets.PID, e.Offsets.Epoch); p != nil {
			p.staged = append(p.staged, e.Offsets)
		}
	case e.End != nil:
		p := j.producer(e.End.PID, e.End.Epoch)
		if p == nil || p.end != nil && *p.end == *e.End && p.end.Bumps {
			return // fenced, or a retry of the same end
		}
		p.end, p.ended, p.staged = e.End, p.staged, nil
	case e.Floor != nil:
		k := partitionKey{e.Floor.TopicID, e.Floor.Partition}
		f := j.floors[k]
		j.floors[k] = floor{max(f.start, e.Floor.Start), max(f.end, e.Floor.End)}
	}
}

// entries returns the shortest journal that adds up to j.
func (j *journaled) entries() []entry {
	var es []entry
	for k, f := range j.floors {
		es = append(es, entry{Floor: &floorEntry{k.topicID, k.partition, f.start, f.end}})
	}
	for _, p := range j.producers {
		for _, o := range p.ended {
			es = append(es, entry{Offsets: o})
		}
		if p.end != nil {
			es = append(es, entry{End: p.end})
		}
		for _, o := range p.staged {
			es = append(es, entry{Offsets: o})
		}
	}
	return es
}

// readJournal adds up the journal in dir. A last line without its end was being
// written at the crash, before kfake saw the request.
func readJournal(dir string) (*journaled, error) {
	j := newJournaled()
	raw, err := os.ReadFile(filepath.Join(dir, journalFile))
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	for len(raw) > 0 {
		line, rest, whole := bytes.Cut(raw, []byte{'\n'})
		var e entry
		if !whole || json.Unmarshal(line, &e) != nil {
			break
		}
		j.apply(e)
		raw = rest
	}
	return j, nil
}

// journal is the open file.
type journal struct {
	dir  string
	sync bool

	mu    sync.Mutex // guards what follows
	file  *os.File
	size  int64
	state *journaled
	err   error // of the first failed write: nothing behind it can be read
}

// openJournal starts a journal that holds state and nothing else.
func openJournal(dir string, state *journaled, sync bool) (*journal, error) {
	j := &journal{dir: dir, sync: sync, state: state}
	if err := j.rewrite(); err != nil {
		return nil, err
	}
	return j, nil
}

func (j *journal) append(e entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err == nil {
		j.err = j.write(e)
	}
	return j.err
}

func (j *journal) write(e entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	n, err := j.file.Write(append(line, '\n'))
	j.size += int64(n)
	if err != nil {
		return err
	}
	if j.sync {
		if err := j.file.Sync(); err != nil {
			return err
		}
	}
	j.state.apply(e)
	if j.size > journalLimit {
		return j.rewrite()
	}
	return nil
}

// rewrite replaces the file by one that has only what still counts.
func (j *journal) rewrite() error {
	path := filepath.Join(j.dir, journalFile)
	f, err := os.OpenFile(path+".tmp", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	enc := json.NewEncoder(w)
	for _, e := range j.state.entries() {
		if err = enc.Encode(e); err != nil {
			break
		}
	}
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = replace(j.file, f, path)
	}
	if err != nil {
		f.Close()
		return err
	}
	j.file = f
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	j.size = fi.Size()
	return nil
}

// replace renames next over path and closes the old file first: Windows renames
// over no open file.
func replace(old, next *os.File, path string) error {
	if old != nil {
		if err := old.Close(); err != nil {
			return err
		}
	}
	return os.Rename(next.Name(), path)
}

func (j *journal) floor(k partitionKey) floor {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.state.floors[k]
}

func (j *journal) close() error { return j.file.Close() }
