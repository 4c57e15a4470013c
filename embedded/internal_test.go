package embedded

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Retention empties a log; its end must survive a crash.
func TestRetentionKeepsTheEndOfAnEmptiedLog(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	b, err := Start(Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	zero := "0"
	if _, err := b.admin.CreateTopic(ctx, 1, 1, map[string]*string{"retention.bytes": &zero}, "in"); err != nil {
		t.Fatal(err)
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.Addrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if err := cl.ProduceSync(ctx, &kgo.Record{Topic: "in", Value: []byte("a")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if err := b.applyRetention(); err != nil {
		t.Fatal(err)
	}
	check := func(admin *kadm.Client) {
		t.Helper()
		starts, err := admin.ListStartOffsets(ctx, "in")
		if err != nil {
			t.Fatal(err)
		}
		ends, err := admin.ListEndOffsets(ctx, "in")
		if err != nil {
			t.Fatal(err)
		}
		if s, e := starts["in"][0].Offset, ends["in"][0].Offset; s != 1 || e != 1 {
			t.Errorf("the log reaches from %d to %d, want 1 to 1", s, e)
		}
	}
	check(b.admin)
	crashed := filepath.Join(t.TempDir(), "crashed")
	if err := os.CopyFS(crashed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	c, err := Start(Config{Dir: crashed})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	check(c.admin)
}

// A journal rewritten at its limit reads like the one it replaces.
func TestRewrittenJournalAddsUpToTheSame(t *testing.T) {
	dir := t.TempDir()
	j, err := openJournal(dir, newJournaled(), false)
	if err != nil {
		t.Fatal(err)
	}
	staged := []stagedOffset{{Topic: "in", Offset: 5}}
	for _, e := range []entry{
		{Offsets: &offsetsEntry{PID: 1, Epoch: 1, Group: "g", Staged: staged}},
		{End: &endEntry{PID: 1, Epoch: 1, Commit: true, Bumps: true}},
		{Offsets: &offsetsEntry{PID: 1, Epoch: 2, Group: "g", Staged: staged}},
		{Offsets: &offsetsEntry{PID: 1, Epoch: 1, Group: "fenced", Staged: staged}},
		{Offsets: &offsetsEntry{PID: 2, Epoch: 0, Group: "g", Staged: staged}},
		{Floor: &floorEntry{"id", 3, 7, 9}},
		{Floor: &floorEntry{"id", 3, 8, 8}},
	} {
		if err := j.append(e); err != nil {
			t.Fatal(err)
		}
	}
	written, err := readJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.rewrite(); err != nil {
		t.Fatal(err)
	}
	rewritten, err := readJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.close(); err != nil {
		t.Fatal(err)
	}
	all := cmp.AllowUnexported(journaled{}, journaledProducer{}, partitionKey{}, floor{})
	if diff := cmp.Diff(written, rewritten, all); diff != "" {
		t.Error(diff)
	}
	if f := rewritten.floors[partitionKey{"id", 3}]; f != (floor{8, 9}) {
		t.Errorf("floor %v, want 8 to 9", f)
	}
	if p := rewritten.producers[1]; len(p.staged) != 1 || p.staged[0].Group != "g" || len(p.ended) != 1 {
		t.Errorf("an entry of a fenced producer counted: %+v", p)
	}
}
