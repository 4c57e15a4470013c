package task

import (
	"testing"

	"github.com/millrace-io/millrace/internal/graph"
)

// How far a store's windows were closed commits under the store's name, is taken
// back with a record that fails and with a commit that does not happen, and
// leaves alone what is said of stores that no operator asks for.
func TestCloseTimesCommitUnderTheStoresName(t *testing.T) {
	var closed *int64
	r := newRig(t, func(n *fnNode, key, value string, m *graph.Meta) error {
		*closed = m.Time
		return n.out.Receive(key, value, m)
	}, "a")
	r.cfg.Restored = map[string]Metadata{"a": {PartitionTime: 1, Closed: []NamedTime{{"other", 7}, {"s", 3}}}}
	r.start()
	closed = r.CloseTime("s")
	r.want("restored", *closed, 3)
	if r.CloseTime("s") != closed || r.CloseTime("fn") == r.OperatorTime(r.node) {
		t.Error("close times are mixed up")
	}
	said := func(c *Commit) []NamedTime {
		m, _ := DecodeMetadata(c.Offsets[0].Metadata)
		return m.Closed
	}
	r.add("a", "k=1@20")
	r.process(0)
	c := r.commit(1)
	r.want("metadata", said(c), []NamedTime{{"other", 7}, {"s", 20}})
	r.apply(c)
	r.add("a", "k=1@30")
	r.process(0)
	r.commit(2)
	r.Discard()
	r.want("after an abort", *closed, 20)
	r.add("a", "k=1@25")
	r.process(0)
	r.want("metadata", said(r.commit(3)), []NamedTime{{"other", 7}, {"s", 25}})
}

func TestATaskIsAtItsEndWhenNothingWaits(t *testing.T) {
	r := newRig(t, nil, "a")
	r.start()
	r.want("unknown", r.AtEnd(), false)
	r.SetLag("a", 0)
	r.want("read to the end", r.AtEnd(), true)
	r.add("a", "k=1@20")
	r.want("with a record", r.AtEnd(), false)
	r.process(0)
	r.want("processed", r.AtEnd(), true)
	r.SetLag("a", 1)
	r.want("more at the broker", r.AtEnd(), false)
}
