package embedded_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/embedded"
)

func TestMemoryBrokerServesClients(t *testing.T) {
	_, b := serve(t, embedded.Config{})
	topic := b.NewTopic(t, 2)
	b.Produce(t, record(topic, 0, "a"), record(topic, 1, "b"))
	if diff := cmp.Diff([]string{"0:a", "1:b"}, values(b.ReadCommitted(t, topic))); diff != "" {
		t.Error(diff)
	}
}

func TestFolderKeepsTopicsRecordsAndOffsets(t *testing.T) {
	dir := t.TempDir()
	e, b := serve(t, embedded.Config{Dir: dir})
	b.CreateTopic(t, "in", 2, "cleanup.policy", "compact")
	b.Produce(t, record("in", 0, "a"), record("in", 1, "b"))
	b.Commit(t, "group", "in", map[int32]int64{0: 1, 1: 1})
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	_, b = serve(t, embedded.Config{Dir: dir})
	if diff := cmp.Diff([]string{"0:a", "1:b"}, values(b.ReadCommitted(t, "in"))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]map[int32]int64{"in": {0: 1, 1: 1}}, b.Committed(t, "group")); diff != "" {
		t.Error(diff)
	}
	configs, err := b.Admin(t).DescribeTopicConfigs(t.Context(), "in")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range configs[0].Configs {
		if c.Key == "cleanup.policy" && c.MaybeValue() != "compact" {
			t.Errorf("cleanup.policy is %s", c.MaybeValue())
		}
	}
}

func TestCloseAbortsOpenTransactionsAtTheNextStart(t *testing.T) {
	dir := t.TempDir()
	e, b := serve(t, embedded.Config{Dir: dir})
	b.CreateTopic(t, "out", 1)
	p := newProducer(t, b, "tx")
	p.begin(record("out", 0, "open"))
	p.cl.Close()
	e.Close()

	_, b = serve(t, embedded.Config{Dir: dir})
	b.Produce(t, record("out", 0, "later"))
	if diff := cmp.Diff([]string{"0:later"}, values(b.ReadCommitted(t, "out"))); diff != "" {
		t.Error(diff)
	}
}

func TestFolderInUseNamesItsOwner(t *testing.T) {
	dir := t.TempDir()
	serve(t, embedded.Config{Dir: dir})
	_, err := embedded.Start(embedded.Config{Dir: dir})
	if err == nil {
		t.Fatal("two brokers on one folder")
	}
	for _, want := range []string{dir, "process", "host", "since"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

func TestEmptiedLogKeepsItsEnd(t *testing.T) {
	for _, orderly := range []bool{true, false} {
		dir := t.TempDir()
		e, b := serve(t, embedded.Config{Dir: dir})
		b.CreateTopic(t, "in", 1)
		b.Produce(t, record("in", 0, "a"), record("in", 0, "b"))
		deleteBefore(t, b, "in", 0, 2)
		next := dir
		if orderly {
			e.Close()
		} else {
			next = crash(t, dir)
		}
		for range 2 { // the repair itself must survive a restart
			e, b = serve(t, embedded.Config{Dir: next})
			if end := b.EndOffsets(t, "in")[0]; end != 2 {
				t.Errorf("orderly %t: the log ends at %d, want 2", orderly, end)
			}
			if got := b.ReadCommitted(t, "in"); len(got) != 0 {
				t.Errorf("orderly %t: %d deleted records are back", orderly, len(got))
			}
			e.Close()
		}
		_, b = serve(t, embedded.Config{Dir: next})
		b.Produce(t, record("in", 0, "c"))
		if r := b.ReadCommitted(t, "in"); len(r) != 1 || r[0].Offset != 2 {
			t.Errorf("orderly %t: the next record is not at offset 2: %v", orderly, values(r))
		}
	}
}

func TestTransactionsGoOnAfterARestart(t *testing.T) {
	dir := t.TempDir()
	e, b := serve(t, embedded.Config{Dir: dir})
	b.CreateTopic(t, "out", 1)
	p := newProducer(t, b, "tx")
	p.begin(record("out", 0, "a"))
	p.end(kgo.TryCommit)
	p.cl.Close()
	e.Close()
	_, b = serve(t, embedded.Config{Dir: dir})
	p = newProducer(t, b, "tx")
	p.begin(record("out", 0, "b"))
	p.end(kgo.TryCommit)
	if diff := cmp.Diff([]string{"0:a", "0:b"}, values(b.ReadCommitted(t, "out"))); diff != "" {
		t.Error(diff)
	}
}
