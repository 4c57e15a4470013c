package graph

import (
	"slices"
	"time"

	"github.com/millrace-io/millrace/processor"
)

// Options are what the options of one operator call add up to. Which of them
// an operator understands is checked by Builder.Options.
type Options struct {
	Name string
	// KeySerde and ValueSerde are a serde.Serde of the type whose name is
	// KeyType and ValueType.
	KeySerde, ValueSerde any
	KeyType, ValueType   string
	// ValueSerdes are all that were given for values: joins have several kinds.
	ValueSerdes []any
	Partitions  int
	Stores      []*StoreSpec
	Children    []*Child
	Globals     []*Global
	LogConfig   map[string]string
	Store       string        // name of a derived table's own store, "" for none
	TTL         time.Duration // of entries, 0 for none
	History     time.Duration // of versions, 0 for a store without
	// Partitioner is a func(string, K, V, int) int; PartitionerType is "K, V".
	Partitioner     any
	PartitionerType string
	Subtract        any // func(V, V) (V, error), V being named SubtractType
	SubtractType    string

	Emission Emission
	KeepLast bool          // of duplicates
	WallTime bool          // silence is measured by the wall clock
	Grace    time.Duration // for which records wait for rows of a table

	Start    Start
	DataLoss DataLoss
	MaxRate  float64
	Decode   *processor.Policy
	// Timestamp is a func(processor.Record[K, V], int64) (int64, error), or a
	// func(V) (int64, error), or true for the wall clock.
	Timestamp any
	// TimestampType is what Timestamp takes, as "K, V" or "V".
	TimestampType string

	Watermark Watermark
	// WatermarkFn is a func(processor.Record[K, V]) (int64, error), WatermarkType
	// is "K, V".
	WatermarkFn   any
	WatermarkType string

	given []Option
}

// Option is a kind of option. Its text is the name of the function that users
// call.
type Option string

// The kinds of options.
const (
	OptName         Option = "Name"
	OptKeySerde     Option = "KeySerde"
	OptValueSerde   Option = "ValueSerde"
	OptPartitions   Option = "Partitions"
	OptStores       Option = "With"
	OptEmitLatest   Option = "EmitLatest"
	OptEmitSnapshot Option = "EmitSnapshot"
	OptEmitOnClose  Option = "EmitOnClose"
	OptCloseIdle    Option = "CloseIdle"
	OptStart        Option = "From..."
	OptDataLoss     Option = "LossTo..."
	OptMaxRate      Option = "MaxRate"
	OptDecode       Option = "OnDecodeError"
	OptTimestamp    Option = "Timestamps"
	OptNulls        Option = "RefuseNulls"
	OptWatermark    Option = "Watermark..."
	OptIdle         Option = "WatermarkIdle"
	OptLoop         Option = "AllowLoop"
	OptUnlogged     Option = "Unlogged"
	OptLogConfig    Option = "LogConfig"
	OptStored       Option = "Stored"
	OptTTL          Option = "TTL"
	OptVersioned    Option = "Versioned"
	OptPartitioner  Option = "Partitioner"
	OptSubtract     Option = "Subtract"
	OptKeepLast     Option = "KeepLast"
	OptByWallClock  Option = "ByWallClock"
	OptGrace        Option = "Grace"
	OptNullKeys     Option = "NullKeys" // of package joins alone: a repartition topic takes them
)

// Give notes that an option was given.
func (o *Options) Give(k Option) { o.given = append(o.given, k) }

// DerivedOptions are the options of one call of an operator that derives a table:
// Name, Stored, and those that are for its store alone.
func DerivedOptions[F ~func(*Options)](b *Builder, op string, opts []F) *Options {
	ofStore := []Option{OptKeySerde, OptValueSerde, OptUnlogged, OptLogConfig}
	o := OptionsOf(b, op, opts, append(ofStore, OptName, OptStored)...)
	for _, k := range ofStore {
		if o.Given(k) && !o.Given(OptStored) {
			b.Errorf(Caller(), "%s takes option %s for its store only: give it the option Stored too", op, k)
		}
	}
	return o
}

// OfWatermark are the options of the watermark alone.
func (o *Options) OfWatermark() *Options {
	w := &Options{Watermark: o.Watermark, WatermarkFn: o.WatermarkFn, WatermarkType: o.WatermarkType}
	for _, k := range o.given {
		if k == OptWatermark || k == OptIdle {
			w.Give(k)
		}
	}
	return w
}

// Given says whether an option was given.
func (o *Options) Given(k Option) bool { return slices.Contains(o.given, k) }

// times is how often an option was given.
func (o *Options) times(k Option) (n int) {
	for _, given := range o.given {
		if given == k {
			n++
		}
	}
	return n
}
