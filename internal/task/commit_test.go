package task

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
)

// tally adds the value to the key's row, sends the row on, and moves the
// node's own time.
func tally(n *fnNode, key, value string, m *graph.Meta) error {
	n.store.put(key, n.store.get(key)+value)
	*n.time = max(*n.time, m.Time)
	return n.out.Receive(key, n.store.get(key), m)
}

func TestACommitHoldsWhatWasDoneSinceTheLast(t *testing.T) {
	r := newRig(t, tally, "a", "b").start()
	r.add("a", "k=1@10", "k=2@20")
	r.add("b", "l=3@15")
	r.want("needed before", r.NeedsCommit(), false)
	r.process(0)
	r.want("needed after", r.NeedsCommit(), true)
	if n := r.UncommittedBytes(); n < 10 {
		t.Errorf("%d uncommitted bytes", n)
	}
	c := r.commit(77)
	r.want("ids", fmt.Sprint(c.Seq, c.Task, c.Records), "77 1_3 3")
	r.want("outputs", outputs(c.Out), "[out k=1@10 out l=3@15 out k=12@20]")
	r.want("stores", fmt.Sprintf("%d %s %d", len(c.Stores), c.Stores[0].Spec.Name, c.Stores[0].Batch.Len()), "1 s 2")
	for i, want := range []string{"a 3 2", "b 3 1"} {
		o := c.Offsets[i]
		r.want("offset", fmt.Sprint(o.Topic, " ", o.Partition, " ", o.Next), want)
		m, err := DecodeMetadata(o.Metadata)
		r.want("metadata", fmt.Sprint(m, err), fmt.Sprint(Metadata{
			PartitionTime: []int64{20, 15}[i], HasTail: true, Transaction: 77, Times: []NamedTime{{"fn", 20}},
		}, nil))
	}
	r.want("needed", r.NeedsCommit(), false)
	r.want("uncommitted", r.UncommittedBytes(), 0)
	if c := r.commit(78); c != nil {
		t.Errorf("nothing moved, and the commit is %+v", c)
	}
}

func TestOffsetsOfUnmovedTopicsAreLeftOut(t *testing.T) {
	r := newRig(t, nil, "a", "b").start()
	r.add("a", "k=1@10")
	r.add("b")
	r.process(0)
	c := r.commit(1)
	r.want("offsets", fmt.Sprintf("%d %s", len(c.Offsets), c.Offsets[0].Topic), "1 a")
}

func TestAPunctuationAloneCommitsAllKnownOffsets(t *testing.T) {
	r := newRig(t, func(n *fnNode, _, _ string, _ *graph.Meta) error { return nil }, "a", "b", "c")
	delete(r.cfg.Positions, "c")
	r.start()
	r.Outbox().Add(append(r.Outbox().Slab(), "kv"...), "out", -1, 1, 1, &graph.Meta{})
	c := r.commit(1)
	r.want("offsets", fmt.Sprintf("%d %s %s %d", len(c.Offsets), c.Offsets[0].Topic, c.Offsets[1].Topic, c.Offsets[1].Next), "2 a b 0")
}

func TestTheTaskGoesOnWhileCommitsAreFrozen(t *testing.T) {
	r := newRig(t, tally, "a").start()
	r.add("a", "k=1@10")
	r.process(0)
	first := r.commit(1)
	r.add("a", "k=2@20")
	r.process(0)
	second := r.commit(2)
	r.add("a", "k=3@30")
	r.process(0)
	r.want("first", outputs(first.Out), "[out k=1@10]")
	r.want("second", outputs(second.Out), "[out k=12@20]")
	r.want("running", outputs(r.Outbox()), "[out k=123@30]")
	r.want("committed", r.Committed("a"), 0)
	r.apply(first)
	r.want("base", r.base.rows, map[string]string{"k": "1"})
	r.want("committed", r.Committed("a"), 1)
	r.apply(second)
	r.want("base", r.base.rows, map[string]string{"k": "12"})
	third := r.commit(3)
	if third != first && third != second {
		t.Error("an applied commit is not used again")
	}
	r.want("third", outputs(third.Out), "[out k=123@30]")
	r.apply(third)
	r.want("base", r.base.rows, map[string]string{"k": "123"})
}

func TestDiscardDropsEverythingSinceTheLastCommit(t *testing.T) {
	r := newRig(t, tally, "a").start()
	feed := func(from int) {
		all := []string{"k=1@10", "k=2@40", "k=3@30", "k=4@50", "k=5@60"}
		r.add("a", all[from:]...)
	}
	feed(0)
	var commits []*Commit
	for seq := range uint64(3) {
		if _, err := r.Process(0, 1); err != nil {
			t.Fatal(err)
		}
		commits = append(commits, r.commit(seq))
	}
	if _, err := r.Process(0, 1); err != nil {
		t.Fatal(err)
	}
	r.apply(commits[0]) // the second aborts: the third goes with it
	r.Discard()

	r.want("buffered", fmt.Sprint(r.BufferedTotal()), "0 0")
	r.want("outbox", r.Outbox().Len(), 0)
	r.want("refetch from", fmt.Sprint(r.Committed("a"), r.Position("a")), "1 1")
	r.want("stream time", *r.StreamTime(), 10)
	r.want("operator time", *r.OperatorTime(r.node), 10)
	r.want("needed", r.NeedsCommit(), false)
	r.want("frozen commits are left alone", outputs(commits[1].Out), "[out k=12@40]")

	feed(1)
	r.process(0)
	r.want("again", outputs(r.Outbox()), "[out k=12@40 out k=123@30 out k=1234@50 out k=12345@60]")
	c := r.commit(9)
	if c == commits[1] || c == commits[2] {
		t.Error("a discarded commit is used again, a client may still hold its records")
	}
	r.apply(c)
	r.want("base", r.base.rows, map[string]string{"k": "12345"})
	r.want("records count work, also what was thrown away", r.Published().Records.Load(), 8)
}

func TestDiscardKnowsWhichInputsAreAtTheirEnd(t *testing.T) {
	r := newRig(t, nil, "a", "b", "c").start()
	r.add("a", "k=1@1")
	r.add("b", "k=2@2", "k=3@3")
	r.add("c")
	r.process(0)
	r.Discard()
	// No fetch comes for c, which has nothing to read again; one comes for b.
	r.add("a", "k=1@1")
	r.want("waits", r.process(0).Topic, "b")
	r.add("b", "k=2@2", "k=3@3")
	r.want("records", r.process(0).Records, 3)
	r.Seek("a", 0)
	r.add("b", "k=4@4")
	r.want("waits", r.process(0).Topic, "a")
}

func TestCommitsSettleInOrder(t *testing.T) {
	r := newRig(t, tally, "a").start()
	r.add("a", "k=1@1", "k=2@2")
	r.Process(0, 1)
	r.commit(1)
	r.Process(0, 1)
	second := r.commit(2)
	defer func() {
		if recover() == nil {
			t.Error("the second commit settled before the first")
		}
	}()
	r.Settled(second)
}

func TestAValueThatCannotBeFrozenSpoilsTheTaskUntilDiscard(t *testing.T) {
	r := newRig(t, tally, "a").start()
	r.Store("s").(*memView).refuse = "2"
	r.add("a", "k=2@1")
	r.process(0)
	_, err := r.Commit(1, 0)
	var e *processor.Error
	if !errors.As(err, &e) || e.Class != processor.Commit || !strings.Contains(err.Error(), "store s: cannot be encoded") {
		t.Fatalf("error is %v", err)
	}
	if _, err := r.Process(0, 1); err == nil {
		t.Error("the task goes on with half a freeze")
	}
	if _, err := r.Commit(2, 0); err == nil {
		t.Error("half a freeze was committed")
	}
	r.Discard()
	r.Store("s").(*memView).refuse = ""
	r.add("a", "k=2@1")
	r.process(0)
	r.apply(r.commit(3))
	r.want("base", r.base.rows, map[string]string{"k": "2"})
}

func TestAPanicOfASerdeInAFreezeIsAnError(t *testing.T) {
	r := newRig(t, tally, "a").start()
	r.Store("s").(*memView).refuse = "panic"
	r.add("a", "k=panic@1")
	r.process(0)
	_, err := r.Commit(1, 0)
	var e *processor.Error
	if !errors.As(err, &e) || e.Stack == nil || !strings.Contains(err.Error(), "store s: panic: serde") {
		t.Errorf("error is %v", err)
	}
}

func TestRestoredTimesAreTakenOver(t *testing.T) {
	late := func(n *fnNode, key, value string, m *graph.Meta) error {
		return n.out.Receive(key, fmt.Sprint(*n.time, " ", n.ctx.StreamTime()), m)
	}
	r := newRig(t, late, "a", "b")
	r.cfg.Positions = map[string]int64{"a": 5, "b": 8}
	r.cfg.Restored = map[string]Metadata{
		"a": {PartitionTime: 100, Times: []NamedTime{{"fn", 90}, {"gone", 1}}, Closed: []NamedTime{{"w", 3}, {"v", 1}}},
		"b": {PartitionTime: 70, Times: []NamedTime{{"fn", 60}}, Closed: []NamedTime{{"w", 2}}},
	}
	r.start()
	r.want("positions", fmt.Sprint(r.Position("a"), r.Position("b"), r.Committed("a")), "5 8 5")
	r.want("published", r.Published().StreamTime.Load(), 100)
	r.add("a", "k=1@20")
	r.add("b", "k=1@10")
	r.process(0)
	r.want("outputs", outputs(r.Outbox()), "[out k=90 100@10 out k=90 100@20]")
	c := r.commit(1)
	m, _ := DecodeMetadata(c.Offsets[1].Metadata)
	// Windows closed by a Java application are kept for its return, nodes that are gone are not.
	r.want("metadata", m, Metadata{
		PartitionTime: 70, HasTail: true, Transaction: 1,
		Closed: []NamedTime{{"v", 1}, {"w", 3}}, Times: []NamedTime{{"fn", 90}},
	})
}

func TestMetadataTooLargeForTheBrokerIsRefused(t *testing.T) {
	r := newRig(t, nil, "a")
	r.node.Name = strings.Repeat("n", 2300)
	_, err := New(r.cfg)
	if err == nil || !strings.Contains(err.Error(), "the stream times of 1 nodes need") {
		t.Errorf("error is %v", err)
	}
	r.want("closed", r.closes, 1)
}

func TestSeekMovesThePositionAndTheNextCommit(t *testing.T) {
	r := newRig(t, nil, "a").start()
	r.add("a", "k=1@1", "k=2@2")
	r.Seek("a", 100)
	r.want("buffered", fmt.Sprint(r.Buffered("a")), "0 0")
	r.add("a", "k=3@3")
	r.process(0)
	r.want("outputs", outputs(r.Outbox()), "[out k=3@3]")
	r.want("position", r.commit(1).Offsets[0].Next, 101)
	r.Seek("a", 0) // earliest, after the topic was made anew
	r.add("a", "k=1@1")
	r.process(0)
	r.want("position", r.commit(2).Offsets[0].Next, 1)
}

func TestCleanEntriesAreEvictedByShare(t *testing.T) {
	r := newRig(t, nil, "a")
	other := &graph.StoreSpec{Name: "t", New: func(state.Store) graph.TaskStore { return newMemView(&memStore{}) }}
	r.cfg.Sub.Stores = append(r.cfg.Sub.Stores, other)
	r.cfg.Stores["t"] = r.base
	r.cfg.EntryBytes = 1000
	r.start()
	s, u := r.Store("s").(*memView), r.Store("t").(*memView)
	s.kept, u.kept = 300, 700
	r.process(0)
	r.want("within bounds", fmt.Sprint(s.limits, u.limits), "[] []")
	s.kept, u.kept = 600, 1400
	r.process(0)
	r.want("evicted", fmt.Sprint(s.limits, u.limits), "[225] [525]")
	s.kept, u.kept = 100, 0
	s.put("k", strings.Repeat("v", 2000))
	r.process(0)
	r.want("half is for clean ones", s.kept, 100)
	s.kept = 600
	r.process(0)
	r.want("and no more", s.kept, 500)
	r.want("figures", fmt.Sprint(r.Published().CleanBytes.Load(), r.Published().DirtyBytes.Load()), "500 2001")
}
