package topology

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// Timestamps takes the event time of a stream's records, in milliseconds since
// the Unix epoch, from fn. partitionTimeMs is the highest one seen before in
// the record's partition, -1 if there was none. A negative result drops the
// record and counts it; an error is of class Decode. Defaults to the record's
// own timestamp. See also TimeField and WallClockTime.
//
// By example: internal/corpus/testdata/time.txt.
func Timestamps[K, V any](fn func(r processor.Record[K, V], partitionTimeMs int64) (int64, error)) Option {
	return func(o *graph.Options) {
		o.Give(graph.OptTimestamp)
		o.Timestamp, o.TimestampType = fn, graph.TypeName[K]()+", "+graph.TypeName[V]()
	}
}

// TimeField takes the event time of a stream's records from a field of their
// values: field returns its text, which has the given layout of package time.
// zone is that of texts that name none; nil is UTC. A text of another form is
// an error of class Decode, a time before 1970 drops the record and counts it.
// A record with a null value has no field: it gets the highest time seen before
// in its partition, or its own timestamp if there was none.
//
// To write records as they came, byte for byte, read them as strings or bytes:
// a serde of the fields would write them in its own way.
//
// By example: internal/corpus/testdata/time.txt.
func TimeField[V any](field func(value V) string, layout string, zone *time.Location) Option {
	if zone == nil {
		zone = time.UTC
	}
	var read func(V) (int64, error)
	if field != nil {
		read = func(value V) (int64, error) {
			t, err := time.ParseInLocation(layout, field(value), zone)
			if err != nil {
				return 0, layoutError(layout, err)
			}
			return t.UnixMilli(), nil
		}
	}
	return func(o *graph.Options) {
		o.Give(graph.OptTimestamp)
		o.Timestamp, o.TimestampType = read, graph.TypeName[V]()
	}
}

// layoutError says what is wrong with a time without repeating it: errors show
// nothing of a record's value.
func layoutError(layout string, err error) error {
	var p *time.ParseError
	if errors.As(err, &p) && strings.HasSuffix(p.Message, " out of range") {
		return fmt.Errorf("the time field does not have the layout %q%s", layout, p.Message)
	}
	return fmt.Errorf("the time field does not have the layout %q", layout)
}

// WallClockTime takes the wall clock for the event time of a stream's records:
// the time at which they get to the head of their task's queue. Results then
// depend on when records are processed, and change when they are again.
//
// By example: internal/corpus/testdata/time.txt.
func WallClockTime() Option {
	return func(o *graph.Options) { o.Give(graph.OptTimestamp); o.Timestamp = true }
}

// timestamps is how a source finds the event time of its records.
type timestamps[K, V any] struct {
	record func(processor.Record[K, V], int64) (int64, error)
	value  func(V) (int64, error)
	wall   bool
	now    processor.Context // set if wall
}

// newTimestamps reads the option; without one all fields are zero.
func newTimestamps[K, V any](b *graph.Builder, n *graph.Node, o *graph.Options) (ts timestamps[K, V]) {
	ok, takes := true, graph.TypeName[K]()+", "+graph.TypeName[V]()
	switch fn := o.Timestamp.(type) {
	case nil:
	case bool:
		ts.wall = fn
	case func(processor.Record[K, V], int64) (int64, error):
		ts.record = fn
	case func(V) (int64, error):
		ts.value = fn
	default:
		ok = false
	}
	if !ok {
		b.Errorf(n.Line, "%s: the records are of %s and the function of Timestamps or TimeField takes %s", n.Op, takes, o.TimestampType)
	}
	return ts
}

// of is the event time of the record that h has decoded from in.
func (ts *timestamps[K, V]) of(h *head[K, V], in *graph.Input, partitionTime int64) (ms int64, err error) {
	ms = in.Time
	switch {
	case ts.record != nil:
		ms, err = ts.record(processor.Record[K, V]{
			Key: h.key, Value: h.value, Time: in.Time, Headers: in.Headers, HasKey: h.hasKey, HasValue: h.hasValue,
		}, partitionTime)
	case ts.value != nil && h.hasValue:
		ms, err = ts.value(h.value)
	case ts.value != nil && partitionTime >= 0:
		ms = partitionTime
	case ts.now != nil:
		ms = ts.now.Now()
	case ms < 0:
		return 0, errNoTime
	}
	if err != nil {
		return 0, fmt.Errorf("timestamp: %w", err)
	}
	return ms, tooLate(ms)
}

// tooLate refuses times that could be read but not written.
func tooLate(ms int64) error {
	if ms <= graph.MaxTime {
		return nil
	}
	return fmt.Errorf("the time of %d ms is after the year 2262; should it be in micro- or nanoseconds, give the stream the option Timestamps", ms)
}

var errNoTime = errors.New("the record has no timestamp: give the stream the option Timestamps")
