package changelog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/state"
)

// A record batch, as Kafka has it since 0.11. Numbers are big endian.
//
//	0 first offset[8]  8 length[4], of what follows  12 leader epoch[4]
//	16 magic[1], 2  17 crc[4], of what follows  21 attributes[2]
//	23 last offset delta[4]  27 first time[8]  35 largest time[8]
//	43 producer id[8]  51 epoch[2]  53 sequence[4]  57 records[4]  61 ...
//
// https://kafka.apache.org/documentation/#recordbatch
const (
	atLength     = 8
	atMagic      = 16
	atCRC        = 17
	atAttributes = 21
	atLastDelta  = 23
	atFirstTime  = 27
	atMaxTime    = 35
	atProducer   = 43
	atCount      = 57
	atRecords    = 61
)

const (
	compressed    = 0b000_111 // the codec, of the attributes
	appendTime    = 0b001_000
	transactional = 0b010_000
	control       = 0b100_000
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checkBatch looks at what must be right before b is cut at length.
func checkBatch(b []byte, length int64) error {
	switch {
	case length < atRecords:
		return fmt.Errorf("record batch of %d bytes", length)
	case b[atMagic] != 2:
		return fmt.Errorf("record batch of unknown format %d", b[atMagic])
	}
	if want, got := binary.BigEndian.Uint32(b[atCRC:]), crc32.Checksum(b[atAttributes:length], castagnoli); want != got {
		return fmt.Errorf("record batch with crc %x, calculated %x", want, got)
	}
	return nil
}

var errRecord = errors.New("record batch whose records cannot be parsed")

// eachOf calls do for the records of a batch from pos on.
func eachOf(b []byte, attributes uint16, first, pos int64, do func(int64, state.Write) error) error {
	in := b[atRecords:]
	n := int32(binary.BigEndian.Uint32(b[atCount:]))
	if n <= 0 {
		return nil // the cleaner leaves such batches
	}
	if codec := attributes & compressed; codec != 0 {
		var err error
		if in, err = inflate.Decompress(in, kgo.CompressionCodecType(codec)); err != nil {
			return fmt.Errorf("decompress record batch: %w", err)
		}
		defer decompressed.PutDecompressBytes(in)
	}
	baseTime := int64(binary.BigEndian.Uint64(b[atFirstTime:]))
	maxTime := int64(binary.BigEndian.Uint64(b[atMaxTime:]))
	for range n {
		length, used := binary.Varint(in)
		if used <= 0 || length < 1 || length > int64(len(in)-used) {
			return errRecord
		}
		r := fields{in: in[used+1 : used+int(length)]} // without the attributes, which are none
		in = in[used+int(length):]
		var w state.Write
		w.Time = baseTime + r.number()
		offset := first + r.number()
		w.Key = r.bytes()
		w.Value = r.bytes()
		// Headers, which are the rest, have no place in a store.
		if r.bad {
			return errRecord
		}
		if offset < pos {
			continue
		}
		if attributes&appendTime != 0 {
			w.Time = maxTime
		}
		w.Delete = w.Value == nil
		if err := do(offset, w); err != nil {
			return err
		}
	}
	return nil
}

// fields reads the fields of a record.
type fields struct {
	in  []byte
	bad bool
}

func (f *fields) number() int64 {
	if len(f.in) > 0 && f.in[0] < 0x80 {
		n := int64(f.in[0]>>1) ^ -int64(f.in[0]&1)
		f.in = f.in[1:]
		return n
	}
	n, used := binary.Varint(f.in)
	if used <= 0 {
		f.bad, f.in = true, nil
		return 0
	}
	f.in = f.in[used:]
	return n
}

// bytes returns nil for null only.
func (f *fields) bytes() []byte {
	n := f.number()
	if n < 0 || f.bad {
		return nil
	}
	if n > int64(len(f.in)) {
		f.bad = true
		return nil
	}
	b := f.in[:n:n]
	f.in = f.in[n:]
	return b
}

// abortMarker reports whether the first record of a control batch says that a
// transaction was aborted: its key is a version[2] and the type[2] 0.
func abortMarker(records []byte) bool {
	length, used := binary.Varint(records)
	if used <= 0 || length < 1 || length > int64(len(records)-used) {
		return false
	}
	r := fields{in: records[used+1 : used+int(length)]}
	r.number()
	r.number()
	key := r.bytes()
	return !r.bad && len(key) >= 4 && key[2] == 0 && key[3] == 0
}

// decompressed lends memory to inflate.
var decompressed = &slabs{}

// inflate is safe for concurrent use.
var inflate = kgo.DefaultDecompressor(decompressed)

// slabs is a kgo.PoolDecompressBytes.
type slabs struct{ pool sync.Pool }

func (s *slabs) GetDecompressBytes([]byte, kgo.CompressionCodecType) []byte {
	if b, ok := s.pool.Get().(*[]byte); ok {
		return *b
	}
	return nil
}

func (s *slabs) PutDecompressBytes(b []byte) { s.pool.Put(&b) }
