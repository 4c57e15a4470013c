package embedded

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Whatever the files of a folder hold, recovery ends, with an error or with a
// folder that the next recovery accepts. What a checksum covers gets one that
// is right: the fuzzer would never find it.
func FuzzRecovery(f *testing.F) {
	journal, _ := json.Marshal(entry{Offsets: &offsetsEntry{PID: 1, Group: "g", Staged: []stagedOffset{{Topic: "in", Offset: 5}}}})
	end, _ := json.Marshal(entry{End: &endEntry{PID: 1, Commit: true, Bumps: true}})
	floor, _ := json.Marshal(entry{Floor: &floorEntry{TopicID: "id", Start: 3, End: 9}})
	journal = fmt.Appendf(nil, "%s\n%s\n%s\n", journal, end, floor)
	pids, _ := json.Marshal(pidEntry{Type: "init", PID: 1})
	groups, _ := json.Marshal(commitEntry{Type: "commit", Group: "g"})
	batch := (&kmsg.RecordBatch{Magic: 2, Attributes: attrTransactional, ProducerID: 1, NumRecords: 1, Records: []byte("record")}).AppendTo(nil)
	marker := (&kmsg.RecordBatch{Magic: 2, Attributes: attrTransactional | attrControl, ProducerID: 1, NumRecords: 1,
		Records: (&kmsg.Record{Length: 9, Key: []byte{0, 0, 0, 1}}).AppendTo(nil)}).AppendTo(nil)

	f.Add(journal, pids, groups, batch, []byte(`{"log_start_offset":2,"high_watermark":7}`), []byte(`{"inProgressTxns":[1],"members":[]}`), true)
	f.Add(journal[:40], pids, groups, append(batch[:len(batch):len(batch)], marker...), []byte(`{}`), []byte(`{}`), false)
	f.Add(journal, []byte(`{"pid":`), []byte("x"), batch[:len(batch)-1], []byte(`[]`), []byte(`null`), true)
	f.Add([]byte{}, []byte{}, []byte{}, []byte{}, []byte{}, []byte{}, false)
	f.Fuzz(func(t *testing.T, journal, pids, groups, log, snapshot, session []byte, compacted bool) {
		dir := t.TempDir()
		topics := `{"topics":[{"name":"in","id":"id","partitions":1}]}`
		if compacted {
			topics = `{"topics":[{"name":"in","id":"id","partitions":1,"configs":{"cleanup.policy":"compact"}}]}`
		}
		files := map[string][]byte{
			journalFile: journal, "pids.log": framed(pids), "groups.log": framed(groups), "topics.json": []byte(topics),
			"partitions/in-0/0.dat": checked(log),
		}
		// The fuzzer is to get behind what is no JSON at all.
		if json.Valid(snapshot) {
			files["partitions/in-0/snapshot.json"] = snapshot
		}
		if json.Valid(session) {
			files["session_state.json"] = session
		}
		for name, content := range files {
			path := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := recoverDir(dir); err != nil {
			return
		}
		if _, err := recoverDir(dir); err != nil {
			t.Fatalf("the second recovery: %v", err)
		}
	})
}

// framed is an entry as pids.log and groups.log have it, and b itself behind it.
func framed(b []byte) []byte {
	body := append(binary.LittleEndian.AppendUint16(nil, formatVersion), b...)
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(body)))
	out = binary.LittleEndian.AppendUint32(out, crc32.Checksum(body, castagnoli))
	return append(append(out, body...), b...)
}

// checked is log with lengths and checksums that fit, in as many batches as the
// lengths in it say.
func checked(log []byte) []byte {
	out := append([]byte{}, log...)
	for rest := out; len(rest) >= 61; {
		size := min(max(61, 12+int64(binary.BigEndian.Uint32(rest[8:]))), int64(len(rest)))
		binary.BigEndian.PutUint32(rest[8:], uint32(size-12))
		binary.BigEndian.PutUint32(rest[17:], crc32.Checksum(rest[21:size], castagnoli))
		rest = rest[size:]
	}
	return out
}

// A journal that was read adds up to the same when it is written and read
// again.
func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"offsets":{"pid":1,"epoch":1,"group":"g","staged":[{"t":"in","p":0,"o":5,"e":0}]}}` + "\n" +
		`{"end":{"pid":1,"epoch":1,"commit":true,"bumps":true}}` + "\n" + `{"floor":{"topic":"id","p":3,"start":7,"end":9}}` + "\n"))
	f.Add([]byte(`{"end":{"pid":1,"epoch":32767,"commit":true}}` + "\n" + `{"offsets":{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, journalFile), b, 0o600); err != nil {
			t.Fatal(err)
		}
		first, err := readJournal(dir)
		if err != nil {
			t.Fatal(err)
		}
		j, err := openJournal(dir, first, false)
		if err != nil {
			t.Fatal(err)
		}
		if err := j.close(); err != nil {
			t.Fatal(err)
		}
		second, err := readJournal(dir)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := summary(first), summary(second); a != b {
			t.Errorf("%s became %s", a, b)
		}
	})
}

// summary is what the parts of recovery ask a journal about.
func summary(j *journaled) string {
	type producer struct {
		Staged, Ended []*offsetsEntry
		End           *endEntry
	}
	producers := map[int64]producer{}
	for pid, p := range j.producers {
		if len(p.staged) > 0 || p.end != nil {
			producers[pid] = producer{p.staged, p.ended, p.end}
		}
	}
	text, _ := json.Marshal(producers)
	return fmt.Sprint(string(text), j.floors)
}
