package topology

import (
	"maps"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// FromEarliest starts a stream at the oldest records of its topics where the
// application has not committed an offset yet. It is the default. Partitions
// that appear later always start there.
func FromEarliest() Option { return from(graph.Earliest, time.Time{}) }

// FromLatest starts a stream at the records that are written from now on where
// the application has not committed an offset yet.
func FromLatest() Option { return from(graph.Latest, time.Time{}) }

// FromTime starts a stream at the first record whose timestamp is not before t
// where the application has not committed an offset yet.
func FromTime(t time.Time) Option { return from(graph.AtTime, t) }

func from(at graph.StartAt, t time.Time) Option {
	return func(o *graph.Options) { o.Give(graph.OptStart); o.Start.At, o.Start.Time = at, t }
}

// FromOffsets starts a stream at the given offsets, by topic and partition,
// where the application has not committed an offset yet. For partitions that
// are not listed the other options count.
func FromOffsets(offsets map[string]map[int32]int64) Option {
	copied := map[string]map[int32]int64{}
	for topic, partitions := range offsets {
		copied[topic] = maps.Clone(partitions)
	}
	return func(o *graph.Options) { o.Give(graph.OptStart); o.Start.Offsets = copied }
}

// LossToEarliest goes on at the oldest records when those at the committed
// offset are gone, or the topic was deleted and made anew. Defaults to failing.
func LossToEarliest() Option { return onLoss(graph.DataLossEarliest) }

// LossToLatest goes on at the newest records when those at the committed
// offset are gone, or the topic was deleted and made anew. Defaults to failing.
func LossToLatest() Option { return onLoss(graph.DataLossLatest) }

func onLoss(p graph.DataLoss) Option {
	return func(o *graph.Options) { o.Give(graph.OptDataLoss); o.DataLoss = p }
}

// RefuseNulls takes a null value for a record that cannot be decoded: what
// happens to it is up to the policy for the class Decode, or to OnDecodeError.
// A policy of processor.NullValue lets it pass as the null that it is. Defaults
// to passing nulls on to the operators.
//
// By example: internal/corpus/testdata/nulls.txt.
func RefuseNulls() Option {
	return func(o *graph.Options) { o.Give(graph.OptNulls) }
}

// OnDecodeError sets what happens to records of the stream that cannot be
// decoded. Defaults to the application's policy for the class Decode.
//
// By example: internal/corpus/testdata/bad-input.txt.
func OnDecodeError(p processor.Policy) Option {
	return func(o *graph.Options) { o.Give(graph.OptDecode); o.Decode = &p }
}

// MaxRate bounds how many records per second are processed of each partition
// of the stream. Defaults to 0, which is no bound.
//
// By example: internal/corpus/testdata/max-rate.txt.
func MaxRate(recordsPerSecond float64) Option {
	return func(o *graph.Options) { o.Give(graph.OptMaxRate); o.MaxRate = recordsPerSecond }
}
