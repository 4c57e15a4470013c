package graph

import (
	"time"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
)

// Node is one operator of a topology. Nodes are made by the operators'
// packages and never change once the graph is compiled.
type Node struct {
	ID   int    // place in the order of making, set by the builder
	Name string // given by the user, or <operator>-<n>
	Op   string // the operator, for example "count"
	Line string // file:line of the user's code
	In   []Edge // one or more edges per input port
	Out  []Port
	// Stores are the names of the stores that the node uses.
	Stores []string
	// Globals are the names of the global tables that the node reads.
	Globals []string
	// CoPartition says that the node needs equal keys in equal partitions: the
	// topics before it must have the same number of them.
	CoPartition bool
	// StreamTime says that the node uses Task.OperatorTime.
	StreamTime bool
	// Snapshots says that the node sends on all rows of a table at times, and
	// not what changes in them.
	Snapshots bool
	// Closing says how the windows in the node's keys close, in a type of package
	// windowing; nil if they are in none, or were before.
	Closing any
	// Calls says how the node calls another service, nil if it calls none.
	Calls *CallLimits
	// Detail is what else describes the node: parts that begin with what they
	// are about, separated by "; ".
	Detail string
	// Source is set on nodes without inputs, Sink on nodes that write a topic.
	Source *Source
	Sink   *Sink
	// New makes the node's instance for one task. outs has one Receiver per
	// output port; the result has one Receiver per input port. Nil for sources.
	New func(t Task, outs []any) (ins []any, err error)
}

// Edge leads from an output port of one node to an input port of another.
type Edge struct {
	From *Node
	Port int // of From
	In   int // input port of the node that has the edge
}

// Source is what a source node reads.
type Source struct {
	Topics  []string // user topics, or the one internal topic
	Pattern string   // regular expression instead of Topics, "" for none
	// Repartition is set if the topic is an internal repartition topic.
	Repartition *Repartition
	Start       Start
	DataLoss    DataLoss
	MaxRate     float64           // records per second and partition, 0 for no bound
	Decode      *processor.Policy // nil for the application's
	Watermark   *Watermark        // nil for none: each operator goes by its records
	Serdes      TopicSerdes
	// New makes the head of the queue of one topic partition.
	New func(t Task, topic string, outs []any) (Head, error)
}

// Head decodes the records of one topic partition and sends them off. Load
// decodes the record at the head of the queue and keeps it until Deliver or
// the next Load.
type Head interface {
	// Load returns the record's event time in milliseconds. partitionTime is
	// the highest one seen before in this partition, -1 for none.
	Load(in *Input, partitionTime int64) (timeMs int64, err error)
	// LoadNull is Load for a record whose value is to be taken as null.
	LoadNull(in *Input, partitionTime int64) (timeMs int64, err error)
	// Deliver sends the loaded record through the graph. m holds time and
	// headers; Deliver sets HasKey and HasValue.
	Deliver(m *Meta) error
}

// Input is a record as it came from Kafka.
type Input struct {
	Key, Value []byte // nil is a null
	Headers    []processor.Header
	Offset     int64
	Time       int64
	// Control marks a transaction marker: it moves the position and is not
	// processed.
	Control bool
}

// Size is the memory that the record holds, roughly.
func (in *Input) Size() int {
	n := 96 + len(in.Key) + len(in.Value)
	for _, h := range in.Headers {
		n += 40 + len(h.Key) + len(h.Value)
	}
	return n
}

// Sink is what a sink node writes.
type Sink struct {
	Topic       string
	Repartition *Repartition // set if the topic is internal
	Loop        bool         // the topology may read Topic as well
	Serdes      TopicSerdes
	Chosen      bool // each record has a topic of its own; Topic is ""
	// Partitioner tells the function that the user gave to choose partitions
	// from others; 0 is Kafka's default.
	Partitioner uintptr
	// Answers says that records go back to the partition where those came from
	// that they answer, whatever put those there.
	Answers bool
}

// TopicSerdes are a serde.Serde of the keys and one of the values of a topic,
// nil where none is known: for those who read or write it from outside.
type TopicSerdes struct{ Key, Value any }

// Repartition is an internal topic between two subtopologies.
type Repartition struct {
	Name       string // without application prefix and suffix
	Suffix     string // of the topic's name, "" for "-repartition"
	Partitions int    // 0: as many as the widest source before it
}

// Start is where a source begins when the group has no committed offset.
type Start struct {
	At      StartAt
	Time    time.Time                  // for AtTime
	Offsets map[string]map[int32]int64 // explicit ones win over At: topic, partition, offset
}

// StartAt is a kind of Start.
type StartAt uint8

// The kinds of Start. Partitions of topics that appear later always start at
// the earliest offset.
const (
	Earliest StartAt = iota
	Latest
	AtTime
)

// DataLoss is what happens when the committed offset of a partition is out of
// range, or its topic was deleted or recreated.
type DataLoss uint8

// The policies for lost data.
const (
	DataLossFail DataLoss = iota
	DataLossEarliest
	DataLossLatest
)

// TaskStore is the untyped side of a store's transactional view
// (internal/store): what the task calls around records and commits.
type TaskStore interface {
	// Mark begins a record; Undo takes back what was written since.
	Mark()
	Undo()
	// Freeze appends the dirty entries to b as bytes and marks them as part of
	// transaction seq. It reports an encoding error of a value.
	Freeze(seq uint64, b *state.Batch) error
	// Applied says that the batches up to seq are in the base store.
	Applied(seq uint64)
	// Discard forgets everything that is not in the base store.
	Discard()
	// Bytes is the rough size of the entries by kind.
	Bytes() (clean, dirty, frozen int64)
	// Evict drops clean entries until at most limit bytes of them are left.
	Evict(limit int64)
}

// Counted is implemented by a TaskStore that counts what it is asked for.
type Counted interface {
	Operations() state.Operations
}

// Task is what a node's instance may ask of the task it belongs to. The
// engine implements it; Context is for processors and is bound to node.
type Task interface {
	ID() processor.TaskID
	Context(node *Node) processor.Context
	// Store is the TaskStore of a name, nil if the subtopology has none.
	Store(name string) TaskStore
	// Global is the committed content of a global table, nil if no node of the
	// subtopology names it. It changes at any time, by another goroutine.
	Global(name string) state.Store
	// Outbox takes what sinks write.
	Outbox() *Outbox
	// Topic is the full name of a sink's topic.
	Topic(s *Sink) string
	// Partitions is the number of partitions of a topic that exists, internal
	// ones included.
	Partitions(topic string) (int, error)
	// Counter is a counter of dropped records for the given reason.
	Counter(node *Node, reason string) *uint64
	// Report tells of an error that changes nothing, as one of class
	// processor.Punctuate that was skipped.
	Report(node *Node, err error)
	// RecordTime points at the event time with which stores are written if none
	// is given: that of the input record, or of the record that a Processor was
	// given, as long as it has it.
	RecordTime() *int64
	// StreamTime points at the task's stream time; -1 before the first record.
	StreamTime() *int64
	// OperatorTime points at a stream time of the node's own that survives
	// restarts with the commit; it starts at -1. The node's StreamTime is set.
	OperatorTime(node *Node) *int64
	// CloseTime points at how far the windows of a store were closed and emitted,
	// which survives restarts as OperatorTime does, and where Kafka Streams looks
	// for it. It starts at -1.
	CloseTime(store string) *int64
	// AtEnd says that the task has nothing to do: all that its topics hold has
	// been read and processed.
	AtEnd() bool
	// Watermark points at the stream time that all operators of the task go by,
	// nil if each one goes by its own records: see ClockOf.
	Watermark() *int64
	// Calls takes the node's calls to other services.
	Calls(node *Node, limits CallLimits) Calls
}

// StoreContext is implemented by every processor.Context of the engine: the
// way from a Context to the stores of its node.
type StoreContext interface {
	TaskStore(name string) (TaskStore, error)
	// Counter is Task.Counter for the node.
	Counter(reason string) *uint64
	GlobalStore(name string) (state.Store, error)
}
