package embedded

import (
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"os"
	"path/filepath"
	"time"
)

// kfake's pids.log and groups.log are entries of JSON, each framed by length
// (4 bytes), CRC (4) and version (2), little endian; length and CRC cover
// version and JSON.

// pidEntry is an entry of pids.log.
type pidEntry struct {
	Type   string `json:"type"` // init, endtx, timeout
	PID    int64  `json:"pid"`
	Epoch  int16  `json:"epoch"`
	Commit *bool  `json:"commit,omitempty"`
}

// commitEntry is an entry of groups.log: a committed offset.
type commitEntry struct {
	Type       string  `json:"type"` // commit
	Group      string  `json:"g"`
	Topic      string  `json:"t,omitempty"`
	Partition  int32   `json:"p,omitempty"`
	Offset     int64   `json:"o,omitempty"`
	Epoch      int32   `json:"e,omitempty"`
	Metadata   *string `json:"m,omitempty"`
	LastCommit int64   `json:"lc"` // Unix milliseconds
}

// readStateLog calls visit with the JSON of every entry and cuts off what a
// crash left unfinished: kfake would append behind it, where it never reads.
func readStateLog(path string, visit func([]byte) error) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		if os.IsNotExist(err) {
			return nil
		}
		return err
	}
	good := 0
	for good+10 <= len(raw) {
		rest := raw[good:]
		size := int64(binary.LittleEndian.Uint32(rest))
		if size < 2 || 8+size > int64(len(rest)) {
			break
		}
		if crc32.Checksum(rest[8:8+size], castagnoli) != binary.LittleEndian.Uint32(rest[4:]) {
			break
		}
		if err := visit(rest[10 : 8+size]); err != nil {
			return err
		}
		good += int(8 + size)
	}
	if good < len(raw) {
		return os.Truncate(path, int64(good))
	}
	return nil
}

func appendStateLog(path string, entries ...any) error {
	var out []byte
	for _, e := range entries {
		data, err := json.Marshal(e)
		if err != nil {
			return err
		}
		body := binary.LittleEndian.AppendUint16(nil, formatVersion)
		body = append(body, data...)
		out = binary.LittleEndian.AppendUint32(out, uint32(len(body)))
		out = binary.LittleEndian.AppendUint32(out, crc32.Checksum(body, castagnoli))
		out = append(out, body...)
	}
	return appendFile(path, out)
}

func pidsLog(dir string) string   { return filepath.Join(dir, "pids.log") }
func groupsLog(dir string) string { return filepath.Join(dir, "groups.log") }

// commitsOf turns staged offsets into committed ones.
func commitsOf(entries []*offsetsEntry) []any {
	var commits []any
	now := time.Now().UnixMilli()
	for _, e := range entries {
		for _, s := range e.Staged {
			commits = append(commits, commitEntry{"commit", e.Group, s.Topic, s.Partition, s.Offset, s.Epoch, s.Metadata, now})
		}
	}
	return commits
}
