package embedded

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// kfake's files for a partition, as its persist.go documents them (format 1):
// <base>.dat holds record batches as Kafka has them on the wire, one behind the
// other. <base>.idx has 15 bytes per batch: version, low byte of the CRC of the
// rest, leader epoch (4), a timestamp that loading ignores (8), flags with bit
// 0 for "in a transaction". All numbers in it are little endian.
const (
	formatVersion = 1
	idxSize       = 15

	attrTransactional = 0x10
	attrControl       = 0x20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// partition is one log on disk, as the crash left it.
type partition struct {
	topic  topic
	number int32
	dir    string

	base  int64 // of the last segment, -1 without segments
	end   int64 // offset behind the last batch
	epoch int32 // leader epoch of the last batch
	bytes int64
}

func partitionDir(dir, topic string, number int32) string {
	return filepath.Join(dir, "partitions", fmt.Sprintf("%s-%d", url.PathEscape(topic), number))
}

// scan reads the log and calls visit for every batch. It cuts off what a crash
// left unfinished at its end and rewrites indexes: a crash between the writes of
// a batch and of its index entry would shift all later entries, and with them
// what belongs to a transaction.
func (p *partition) scan(visit func(*kmsg.RecordBatch)) error {
	p.base = -1
	bases, err := p.segments()
	if err != nil {
		return err
	}
	for i, base := range bases {
		path := p.file(base, "dat")
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var idx []byte
		good := 0
		for good < len(raw) {
			b, size, err := readBatch(raw[good:])
			if err != nil {
				if i < len(bases)-1 {
					return fmt.Errorf("%s is corrupt at byte %d (%w): restore the folder from a backup, or move the topic's folders away", path, good, err)
				}
				break
			}
			visit(b)
			idx = append(idx, indexEntry(b)...)
			p.end, p.epoch = b.FirstOffset+int64(b.LastOffsetDelta)+1, b.PartitionLeaderEpoch
			good += size
		}
		if good == 0 {
			if err := errors.Join(os.Remove(path), removeIfThere(p.file(base, "idx"))); err != nil {
				return err
			}
			continue
		}
		p.base = base
		p.bytes += int64(good)
		if good < len(raw) {
			if err := os.Truncate(path, int64(good)); err != nil {
				return err
			}
		}
		if err := writeIfOther(p.file(base, "idx"), idx); err != nil {
			return err
		}
	}
	return nil
}

func (p *partition) file(base int64, ext string) string {
	return filepath.Join(p.dir, fmt.Sprintf("%d.%s", base, ext))
}

// segments returns the base offsets of the segments in order.
func (p *partition) segments() ([]int64, error) {
	files, err := os.ReadDir(p.dir)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	var bases []int64
	for _, f := range files {
		if name, ok := strings.CutSuffix(f.Name(), ".dat"); ok {
			if base, err := strconv.ParseInt(name, 10, 64); err == nil {
				bases = append(bases, base)
			}
		}
	}
	slices.Sort(bases)
	return bases, nil
}

// readBatch decodes the batch at the start of raw and returns its size.
func readBatch(raw []byte) (*kmsg.RecordBatch, int, error) {
	if len(raw) < 12 {
		return nil, 0, errors.New("half a batch")
	}
	size := 12 + int64(binary.BigEndian.Uint32(raw[8:]))
	if size > int64(len(raw)) || size < 61 {
		return nil, 0, errors.New("half a batch")
	}
	raw = raw[:size]
	if crc32.Checksum(raw[21:], castagnoli) != binary.BigEndian.Uint32(raw[17:]) {
		return nil, 0, errors.New("wrong checksum")
	}
	var b kmsg.RecordBatch
	return &b, int(size), b.ReadFrom(raw)
}

func indexEntry(b *kmsg.RecordBatch) []byte {
	e := make([]byte, idxSize)
	e[0] = formatVersion
	binary.LittleEndian.PutUint32(e[2:], uint32(b.PartitionLeaderEpoch))
	binary.LittleEndian.PutUint64(e[6:], uint64(b.MaxTimestamp))
	if b.Attributes&(attrTransactional|attrControl) == attrTransactional {
		e[14] = 1
	}
	e[1] = byte(crc32.Checksum(e[2:], castagnoli))
	return e
}

// commits reports what a control batch says: true for a commit marker.
func commits(b *kmsg.RecordBatch) bool {
	var r kmsg.Record
	return r.ReadFrom(b.Records) == nil && len(r.Key) >= 4 &&
		binary.BigEndian.Uint16(r.Key[2:]) == uint16(kmsg.ControlRecordKeyTypeCommit)
}

// appendMarker ends a producer's transaction in this log.
func (p *partition) appendMarker(pid int64, epoch int16, commit bool) error {
	key := kmsg.ControlRecordKey{Type: kmsg.ControlRecordKeyTypeAbort}
	if commit {
		key.Type = kmsg.ControlRecordKeyTypeCommit
	}
	var value kmsg.EndTxnMarker
	r := kmsg.Record{Key: key.AppendTo(nil), Value: value.AppendTo(nil)}
	r.Length = int32(len(r.AppendTo(nil)) - 1) // the length itself takes one byte
	now := time.Now().UnixMilli()
	b := kmsg.RecordBatch{
		FirstOffset:          p.end,
		PartitionLeaderEpoch: p.epoch,
		Magic:                2,
		Attributes:           attrTransactional | attrControl,
		FirstTimestamp:       now,
		MaxTimestamp:         now,
		ProducerID:           pid,
		ProducerEpoch:        epoch,
		FirstSequence:        -1,
		NumRecords:           1,
		Records:              r.AppendTo(nil),
	}
	raw := b.AppendTo(nil)
	b.Length = int32(len(raw) - 12)
	b.CRC = int32(crc32.Checksum(raw[21:], castagnoli))
	if p.base < 0 {
		if err := os.MkdirAll(p.dir, 0o700); err != nil {
			return err
		}
		p.base = p.end
	}
	// Data before index, as kfake does it: the next scan repairs a crash here.
	if err := appendFile(p.file(p.base, "dat"), b.AppendTo(nil)); err != nil {
		return err
	}
	p.end++
	return appendFile(p.file(p.base, "idx"), indexEntry(&b))
}

// fill makes the end of an empty log known to kfake: a marker of no producer in
// front of offset end. Start deletes it again through kfake.
func (p *partition) fill(end int64) error {
	p.end = end - 1
	return p.appendMarker(-1, -1, false)
}
