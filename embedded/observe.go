package embedded

import (
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// observe journals requests before kfake acts on them. kfake's faults are the
// place: they are asked on its own goroutine, once the request is known to be
// well formed and allowed, and can refuse it. A request that cannot be
// journaled is refused.
func (b *Broker) observe() {
	var last kmsg.Request // a fault is asked several times per request
	once := func(journal func(kmsg.Request) error) func(kmsg.Request) bool {
		return func(req kmsg.Request) bool {
			if req == last {
				return false
			}
			last = req
			if err := journal(req); err != nil {
				b.fail(err)
				return true
			}
			return false
		}
	}
	b.cluster.Fault(
		kfake.Fault{Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Count: -1, Err: kerr.KafkaStorageError, When: once(b.journalOffsets)},
		kfake.Fault{Keys: []kmsg.Key{kmsg.EndTxn}, Count: -1, Err: kerr.KafkaStorageError, When: once(b.journalEnd)},
		// "Delete all" names no offset, and kfake would not remember where the
		// empty log ended.
		kfake.Fault{Keys: []kmsg.Key{kmsg.DeleteRecords}, Count: -1, Err: kerr.PolicyViolation, When: deletesAll},
		kfake.Fault{Keys: []kmsg.Key{kmsg.DeleteRecords}, Count: -1, Err: kerr.KafkaStorageError, When: once(b.journalDelete)},
	)
}

// journalOffsets finds every topic by name: kfake has looked up those of which the
// client sent the id before it asks its faults.
func (b *Broker) journalOffsets(r kmsg.Request) error {
	req := r.(*kmsg.TxnOffsetCommitRequest)
	e := &offsetsEntry{PID: req.ProducerID, Epoch: req.ProducerEpoch, Group: req.Group}
	for _, t := range req.Topics {
		for _, p := range t.Partitions {
			e.Staged = append(e.Staged, stagedOffset{t.Topic, p.Partition, p.Offset, p.LeaderEpoch, p.Metadata})
		}
	}
	return b.journal.append(entry{Offsets: e})
}

func (b *Broker) journalEnd(r kmsg.Request) error {
	req := r.(*kmsg.EndTxnRequest)
	return b.journal.append(entry{End: &endEntry{
		PID: req.ProducerID, Epoch: req.ProducerEpoch, Commit: req.Commit, Bumps: req.Version >= 5,
	}})
}

func deletesAll(r kmsg.Request) bool {
	for _, t := range r.(*kmsg.DeleteRecordsRequest).Topics {
		for _, p := range t.Partitions {
			if p.Offset < 0 {
				return true
			}
		}
	}
	return false
}

func (b *Broker) journalDelete(r kmsg.Request) error {
	topics, err := readTopics(b.cfg.Dir)
	if err != nil {
		return err
	}
	ids := make(map[string]string)
	for _, t := range topics {
		ids[t.Name] = t.ID
	}
	for _, t := range r.(*kmsg.DeleteRecordsRequest).Topics {
		for _, p := range t.Partitions {
			if err := b.journal.append(entry{Floor: &floorEntry{ids[t.Topic], p.Partition, p.Offset, p.Offset}}); err != nil {
				return err
			}
		}
	}
	return nil
}

// topic is what kfake's topics.json says of one.
type topic struct {
	Name       string            `json:"name"`
	ID         string            `json:"id"`
	Partitions int32             `json:"partitions"`
	Configs    map[string]string `json:"configs"`
}

func readTopics(dir string) ([]topic, error) {
	var file struct {
		Topics []topic `json:"topics"`
	}
	raw, err := os.ReadFile(filepath.Join(dir, "topics.json"))
	if err != nil {
		if os.IsNotExist(err) {
			return nil, nil
		}
		return nil, err
	}
	err = json.Unmarshal(raw, &file)
	return file.Topics, err
}
