package status

import "time"

// Snapshot is one instance of an application at one moment.
type Snapshot struct {
	App      string `json:"app"`      // application id
	Instance string `json:"instance"` // instance id, kept over restarts
	Version  string `json:"version,omitempty"`
	// Topology is the hash of the topology: instances of one application
	// should agree in it.
	Topology  string    `json:"topology,omitempty"`
	Guarantee string    `json:"guarantee"` // "exactly_once" or "at_least_once"
	At        time.Time `json:"at"`        // when the snapshot was taken
	Started   time.Time `json:"started,omitzero"`

	State State  `json:"state"`
	Error string `json:"error,omitempty"` // why State is Failed
	// Checks are what readiness consists of, in the order to show them.
	Checks []Check `json:"checks"`

	Group   Group    `json:"group"`
	Workers []Worker `json:"workers"`
	Tasks   []Task   `json:"tasks"` // by subtopology, then partition
	// Globals are the instance's copies of global tables.
	Globals []Global `json:"globals,omitempty"`

	// TransactionsInFlight are the transactions of all workers that are open
	// or ending; 0 under at least once.
	TransactionsInFlight int `json:"transactions_in_flight"`
	// LastCommit is when the last transaction or offset commit was
	// acknowledged; zero before the first.
	LastCommit time.Time `json:"last_commit,omitzero"`
}

// Ready reports whether every check is OK. A snapshot without checks is not
// ready.
func (s *Snapshot) Ready() bool {
	for _, c := range s.Checks {
		if !c.OK {
			return false
		}
	}
	return len(s.Checks) > 0
}

// Check is one condition of readiness.
type Check struct {
	Name   string `json:"name"` // for example "group" or "restore counts-4"
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"` // for example "61%"
}

// String returns the line that health endpoints print: "[+]group ok" or
// "[-]restore counts-4 61%".
func (c Check) String() string {
	mark, detail := "[-]", c.Detail
	if c.OK {
		mark = "[+]"
		if detail == "" {
			detail = "ok"
		}
	}
	if detail == "" {
		detail = "failed"
	}
	return mark + c.Name + " " + detail
}

// Group is an instance's membership in the consumer group. The zero value is
// an instance that is not in the group.
type Group struct {
	MemberID   string `json:"member_id,omitempty"`
	Generation int32  `json:"generation"`
	// LastRebalance is when the last rebalance ended for this instance; zero
	// before the first.
	LastRebalance time.Time `json:"last_rebalance,omitzero"`
}

// Worker is one goroutine that processes tasks.
type Worker struct {
	ID    int    `json:"id"` // from 0
	State State  `json:"state"`
	Tasks int    `json:"tasks"`
	Error string `json:"error,omitempty"` // why State is Failed
	// LastTurn is when the worker's loop last came around; far back, and it is
	// stuck in user code.
	LastTurn time.Time `json:"last_turn,omitzero"`
	// TransactionsInFlight are its open and ending transactions.
	TransactionsInFlight int `json:"transactions_in_flight"`
}
