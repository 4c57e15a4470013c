package status

// Graph is a topology for describing and drawing: everything that a reader
// wants to know of it and nothing that runs.
type Graph struct {
	// Hash identifies the topology; two with the same hash have the same
	// nodes, edges, topics and stores.
	Hash          string        `json:"hash,omitempty"`
	Subtopologies []Subtopology `json:"subtopologies"`
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
	// the suffix.
	Topics   []string `json:"topics,omitempty"`
	Pattern  string   `json:"pattern,omitempty"`
	Internal bool     `json:"internal,omitempty"`
	Stores   []string `json:"stores,omitempty"` // names of the stores it uses
	// Detail is what else describes the node, in the words of its operator.
	Detail string `json:"detail,omitempty"`
	Line   string `json:"line,omitempty"` // file:line of the user's code
}

// Edge leads records from one node to another of the same subtopology.
type Edge struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Port  int    `json:"port"`  // output port of From, 0 unless it branches
	Input int    `json:"input"` // input port of To, 0 unless it joins
	Key   string `json:"key"`   // types of the records on the edge
	Value string `json:"value"`
}

// StoreSpec is a store as the topology declares it.
type StoreSpec struct {
	Name  string `json:"name"`
	Key   string `json:"key"` // types
	Value string `json:"value"`
	// Logged says that a changelog topic backs the store: its state survives
	// the loss of the machine.
	Logged bool   `json:"logged"`
	Line   string `json:"line,omitempty"` // file:line of the user's code
}
