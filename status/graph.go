package status

import "slices"

// Graph is a topology for describing and drawing: everything that a reader
// wants to know of it and nothing that runs.
type Graph struct {
	// Version is that of this form, 1 at present. Fields are added without a
	// new one; readers refuse a version that they do not know.
	Version int `json:"version"`
	// Hash identifies the topology; two with the same hash have the same
	// nodes, edges, topics and stores. The fields of Types are not part of it:
	// a struct may get a field while instances of both versions run.
	Hash          string        `json:"hash,omitempty"`
	Subtopologies []Subtopology `json:"subtopologies"`
	// Types are the named structs among the types of keys and values and in
	// them, by name. Those without exported fields are left out.
	Types []Type `json:"types,omitempty"`
	// Globals are the global tables, of which each instance has a full copy.
	Globals []GlobalSpec `json:"globals,omitempty"`
}

// Subtopology is a part of a Graph whose tasks run on their own: its nodes are
// connected by edges or shared stores.
type Subtopology struct {
	ID int `json:"id"`
	// Nodes are in topological order: every edge leads to a later node.
	Nodes  []Node      `json:"nodes"`
	Edges  []Edge      `json:"edges"`
	Stores []StoreSpec `json:"stores,omitempty"`
	// CoPartitioned are groups of source nodes, by name, whose topics need
	// equal partition counts. Groups of one are left out.
	CoPartitioned [][]string `json:"co_partitioned,omitempty"`
}

// Sources are the nodes that read topics: those to which no edge leads.
func (s Subtopology) Sources() []Node {
	return slices.DeleteFunc(slices.Clone(s.Nodes), s.fed)
}

// Sinks are the nodes that write topics: those with topics to which edges lead.
func (s Subtopology) Sinks() []Node {
	return slices.DeleteFunc(slices.Clone(s.Nodes), func(n Node) bool {
		return len(n.Topics) == 0 && !n.Chosen || !s.fed(n)
	})
}

func (s Subtopology) fed(n Node) bool {
	return slices.ContainsFunc(s.Edges, func(e Edge) bool { return e.To == n.Name })
}

// Node is one operator, source or sink. Names are unique in a Graph.
type Node struct {
	Name string `json:"name"`
	Op   string `json:"op"` // for example "source", "count", "sink"
	// Key and Value are the types of the records that the node sends on, or
	// writes if it is a sink.
	Key   string `json:"key,omitempty"`
	Value string `json:"value,omitempty"`
	// Topics are what a source reads or a sink writes; Pattern is a regular
	// expression in place of a source's topics. Internal says that Topics holds
	// the name of a repartition topic without the application's prefix and
	// the suffix, which is Suffix or, if that is empty, "-repartition".
	Topics   []string `json:"topics,omitempty"`
	Pattern  string   `json:"pattern,omitempty"`
	Internal bool     `json:"internal,omitempty"`
	Suffix   string   `json:"suffix,omitempty"`
	// Partitions is the count that was asked for if the topic is internal, 0
	// if it follows from the topics before.
	Partitions int `json:"partitions,omitempty"`
	// Chosen says that a sink writes each record to a topic that is chosen for
	// it.
	Chosen bool `json:"chosen,omitempty"`
	// Start is where a source begins without a committed offset: "earliest",
	// "latest", "time" or "offsets". It is empty for internal topics.
	Start string `json:"start,omitempty"`
	// StreamTime says that the node has a stream time of its own, which is
	// kept under its name.
	StreamTime bool     `json:"stream_time,omitempty"`
	Stores     []string `json:"stores,omitempty"`  // names of the stores it uses
	Globals    []string `json:"globals,omitempty"` // names of the global tables it reads
	// Detail is what else describes the node, in the words of its operator:
	// parts that begin with what they are about, as in
	// "serdes string, json; grace 1m0s".
	Detail string `json:"detail,omitempty"`
	Line   string `json:"line,omitempty"` // file:line of the user's code
}

// Edge leads records from one node to another of the same subtopology.
type Edge struct {
	From string `json:"from"`
	To   string `json:"to"`
	Port int    `json:"port"` // output port of From, 0 unless it branches
	// PortName is the name of a branch, or of a child of a Processor.
	PortName string `json:"port_name,omitempty"`
	Input    int    `json:"input"` // input port of To, 0 unless it joins
	Key      string `json:"key"`   // types of the records on the edge
	Value    string `json:"value"`
}

// StoreSpec is a store as the topology declares it.
type StoreSpec struct {
	Name  string `json:"name"`
	Key   string `json:"key"` // types
	Value string `json:"value"`
	// Logged says that a changelog topic backs the store: its state survives
	// the loss of the machine.
	Logged bool `json:"logged"`
	// Format is how values relate to changelog records, for example
	// "timestamped".
	Format string `json:"format,omitempty"`
	// LogConfig are topic configs of the changelog beside the standard ones.
	LogConfig map[string]string `json:"log_config,omitempty"`
	// Detail is what else describes the store, as in Node: its serdes, and
	// how long it keeps what.
	Detail string `json:"detail,omitempty"`
	Line   string `json:"line,omitempty"` // file:line of the user's code
}

// Type is a struct that keys or values are made of.
type Type struct {
	Name    string  `json:"name"`              // as in Node.Key and Field.Type
	Package string  `json:"package,omitempty"` // its import path
	Fields  []Field `json:"fields"`            // the exported ones, also of embedded structs
}

// Field is a field of a Type.
type Field struct {
	Name string `json:"name"`
	Type string `json:"type"`
	// JSON is the field's name in JSON where it has another one, and "-" if
	// JSON leaves it out.
	JSON string `json:"json,omitempty"`
}

// Severity says how much a change of a topology matters to an application that
// runs.
type Severity string

// The severities.
const (
	Safe     Severity = "safe"     // nothing to do
	Warning  Severity = "warning"  // nothing breaks by itself; somebody has to look
	Breaking Severity = "breaking" // state or records are lost or unreadable, or the start fails
)

// GlobalSpec is a global table as the topology declares it.
type GlobalSpec struct {
	Name   string `json:"name"`
	Topic  string `json:"topic"`
	Key    string `json:"key"` // types
	Value  string `json:"value"`
	Detail string `json:"detail,omitempty"`
	Line   string `json:"line,omitempty"` // file:line of the user's code
}
