package runtime

import (
	"cmp"
	"maps"
	"slices"
	"time"
	"unsafe"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// input is a fetched record as tasks take it. Bytes are shared, not copied.
func input(r *kgo.Record) graph.Input {
	in := graph.Input{Key: r.Key, Value: r.Value, Offset: r.Offset, Time: millisOf(r), Control: r.Attrs.IsControl()}
	if len(r.Headers) > 0 {
		in.Headers = make([]processor.Header, len(r.Headers))
		for i, h := range r.Headers {
			in.Headers[i] = processor.Header(h)
		}
	}
	return in
}

// millisOf is the record's timestamp in milliseconds as the broker has it. The
// client keeps nanoseconds in 64 bits, which run over in the year 2262: of a
// time given in microseconds by mistake it would make a plausible one. As 10^6
// is 2^6 times an odd number, all but the highest six bits are still there.
func millisOf(r *kgo.Record) int64 {
	const inverse = 0x10fb65668c26139 // of 5^6, modulo 2^58
	return (r.Timestamp.UnixNano() >> 6) * inverse << 6 >> 6
}

func headers(hs []processor.Header) []kgo.RecordHeader {
	if len(hs) == 0 {
		return nil
	}
	out := make([]kgo.RecordHeader, len(hs))
	for i, h := range hs {
		out[i] = kgo.RecordHeader(h)
	}
	return out
}

func timestamp(ms int64) time.Time { return time.UnixMilli(ms) }

// sizeOf is the memory that records hold until they are in the queue of a task,
// which takes half as much beside keys and values.
func sizeOf(records []*kgo.Record) int64 {
	n := len(records) * int(unsafe.Sizeof(records[0])+unsafe.Sizeof(kgo.Record{}))
	for _, r := range records {
		n += len(r.Key) + len(r.Value)
	}
	return int64(n)
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
