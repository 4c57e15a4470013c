package windowing

import (
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// Late is a record that came too late for a window that its time is in. Times
// are milliseconds since 1970.
type Late[V any] struct {
	// Value is that of the record.
	Value V
	// By is for how long, by stream time, the window had been closed: a grace
	// that is longer by more than this would have let the record in.
	By time.Duration
	// Start and End are the bounds of the window, as in state.Windowed.
	Start, End int64
	// StreamTime is that of the aggregation when the record came, WallTime the
	// time of the wall clock.
	StreamTime, WallTime int64
}

// String is the value and, unless that was read from a topic, how late it was,
// such as "7 (late by 2s for [0,60000))".
func (l Late[V]) String() string {
	if l.StreamTime == 0 && l.WallTime == 0 {
		return fmt.Sprint(l.Value)
	}
	return fmt.Sprintf("%v (late by %s for [%d,%d))", l.Value, l.By, l.Start, l.End)
}

// Late is the stream of the records that were too late for a window, one for
// each record and window: a record may be late in some of its hopping windows
// and in time for others. Their key, event time and headers are the record's
// own. The null value of a record is one here, too: functions do not see it. It
// takes the option Name.
//
// On a topic a late record is its original value, so that it can be read and
// processed like the original; what is known of its lateness is in the headers
// millrace.late.by, .start, .end, .stream-time and .wall-time, as milliseconds
// in decimal digits. To(table.Late(), topic) needs no option for it. MapValues
// gets back to the values, to merge them into another stream.
//
// By example: internal/corpus/testdata/late.txt.
func (t Table[K, V, R]) Late(opts ...topology.Option) topology.KStream[K, Late[V]] {
	return topology.StreamOf[K, Late[V]](graph.LateRecords[K, Late[V]](t.late, opts))
}

// latePort is the port of an aggregation that late records leave by.
const latePort = 1

// lateHandle is the handle of the late records of node n, whose input is in and
// whose keys have the serde ks.
func lateHandle[V any](in graph.Handle, n *graph.Node, ks any) graph.Handle {
	h := graph.LateHandle[V, Late[V]](in, n, latePort)
	h.KeySerde = ks
	return h
}

// Headers are those of a record and the ones that tell of its lateness, which
// the streams of late records carry.
func (l Late[V]) Headers(of []processor.Header) []processor.Header {
	all := make([]processor.Header, len(of), len(of)+5)
	copy(all, of)
	for _, h := range [...]struct {
		name string
		ms   int64
	}{{"by", l.By.Milliseconds()}, {"start", l.Start}, {"end", l.End}, {"stream-time", l.StreamTime}, {"wall-time", l.WallTime}} {
		all = append(all, processor.Header{Key: "millrace.late." + h.name, Value: strconv.AppendInt(nil, h.ms, 10)})
	}
	return all
}

// DeriveSerde makes the serde of a Late of the one of V (see serde.Deriver): it
// reads and writes the bytes of Value.
func (Late[V]) DeriveSerde(find func(reflect.Type) (any, bool)) (any, error) {
	s, ok := find(reflect.TypeFor[V]())
	if !ok {
		return nil, fmt.Errorf("no serde for %s", reflect.TypeFor[V]())
	}
	return lateSerde[V]{s.(serde.Serde[V])}, nil
}

type lateSerde[V any] struct {
	values serde.Serde[V]
}

func (s lateSerde[V]) Append(dst []byte, l Late[V]) ([]byte, error) {
	return s.values.Append(dst, l.Value)
}

func (s lateSerde[V]) Decode(b []byte) (l Late[V], err error) {
	l.Value, err = s.values.Decode(b)
	return l, err
}

// IsNull tells sinks what to write as a null: what the serde of the values does.
func (s lateSerde[V]) IsNull(l Late[V]) bool {
	isNull := graph.IsNull(s.values)
	return isNull != nil && isNull(l.Value)
}

// SerdeName is that of the values' serde: the bytes are the same.
func (s lateSerde[V]) SerdeName() string { return serde.NameOf(s.values) }

// ForTopic asks the values' serde, if it wants to know.
func (s lateSerde[V]) ForTopic(topic string, role serde.Role) (serde.Serde[Late[V]], error) {
	values, err := graph.OfTopic(s.values, topic, role)
	return lateSerde[V]{values}, err
}
