package millrace_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/state/lsm"
	"github.com/millrace-io/millrace/topology"
)

// logged is how many records a changelog holds.
func logged(t *testing.T, b *kafkatest.Broker, cfg millrace.Config) int64 {
	t.Helper()
	return int64(len(b.ReadCommitted(t, cfg.AppID+"-counts-changelog")))
}

// An instance finds its state in its folder again and reads back only what
// others have written since.
func TestRestartRestoresOnlyTheTail(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 2), b.NewTopic(t, 1)
		mine := config(t, b, kafkatest.NewName(t))
		mine.State = lsm.Dir(t.TempDir())
		other := mine
		other.State = lsm.Dir(t.TempDir())

		want := feed(t, b, in, 300)
		if n := catchUp(t, wordCount(in, out), mine).Totals().Restored; n != 0 {
			t.Errorf("%d restored by the first", n)
		}
		feed(t, b, in, 300)
		if n := catchUp(t, wordCount(in, out), mine).Totals().Restored; n != 0 {
			t.Errorf("%d restored after a clean stop", n)
		}
		all := logged(t, b, mine)
		feed(t, b, in, 300)
		if n := catchUp(t, wordCount(in, out), other).Totals().Restored; n != all {
			t.Errorf("%d restored by an instance without state, of %d", n, all)
		}
		tail := logged(t, b, mine) - all
		feed(t, b, in, 300)
		if n := catchUp(t, wordCount(in, out), mine).Totals().Restored; n != tail {
			t.Errorf("%d restored, and the tail has %d", n, tail)
		}
		for word := range want {
			want[word] *= 4 // feed writes the same each time
		}
		checkCounts(t, b, out, want)
	})
}

func TestAbortKeepsLocalState(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 2), b.NewTopic(t, 1)
		cfg := config(t, b, kafkatest.NewName(t))
		cfg.State = lsm.Dir(t.TempDir())
		cfg.CommitInterval = 10 * time.Millisecond
		want := feed(t, b, in, 300)
		catchUp(t, wordCount(in, out), cfg)
		before := logged(t, b, cfg)
		feed(t, b, in, 3000)
		app := start(t, wordCount(in, out), cfg)
		kafkatest.WaitFor(t, "some commits", func() bool { return app.Totals().Commits > 3 })
		app.Abort()
		_ = wait(t, app)
		again := catchUp(t, wordCount(in, out), cfg)
		if n, most := again.Totals().Restored, logged(t, b, cfg)-before; n > most {
			t.Errorf("%d restored, and only %d were logged since: state was thrown away", n, most)
		}
		for word, n := range feedCounts(t, b, in) {
			want[word] = n
		}
		checkCounts(t, b, out, want)
	})
}

// feedCounts counts the words of a topic.
func feedCounts(t *testing.T, b *kafkatest.Broker, topic string) map[string]int64 {
	t.Helper()
	counts := make(map[string]int64)
	for _, r := range b.ReadCommitted(t, topic) {
		for _, word := range strings.Fields(string(r.Value)) {
			counts[word]++
		}
	}
	return counts
}

func TestFolderInUseNamesItsOwner(t *testing.T) {
	b := kafkatest.Fake(t)
	in, out := b.NewTopic(t, 1), b.NewTopic(t, 1)
	cfg := config(t, b, kafkatest.NewName(t))
	cfg.State = lsm.Dir(t.TempDir())
	ready(t, start(t, wordCount(in, out), cfg))
	err := fails(t, wordCount(in, out), cfg)
	if !errors.Is(err, state.ErrLocked) {
		t.Errorf("no state.ErrLocked: %v", err)
	}
	says(t, err, cfg.AppID, fmt.Sprint(os.Getpid()), "folder of its own")
}

func TestFolderOfAnotherApplication(t *testing.T) {
	b := kafkatest.Fake(t)
	in, out := b.NewTopic(t, 1), b.NewTopic(t, 1)
	cfg := config(t, b, kafkatest.NewName(t))
	dir := t.TempDir()
	cfg.State = lsm.Dir(dir)
	catchUp(t, wordCount(in, out), cfg)
	first := cfg.AppID
	cfg.AppID = kafkatest.NewName(t)
	says(t, fails(t, wordCount(in, out), cfg), first, cfg.AppID)
}

// State that was not current for half of the changelog's delete.retention.ms
// may lack deletions whose tombstones are gone: it is read back anew.
func TestStateThatIsTooOldIsDropped(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 1), b.NewTopic(t, 1)
		cfg := config(t, b, kafkatest.NewName(t))
		cfg.State = lsm.Dir(t.TempDir())
		topo := func() *topology.Builder {
			tb := topology.New()
			words := topology.FlatMapValues(topology.Stream[string, string](tb, in), strings.Fields)
			counts := topology.Count(topology.GroupBy(words, func(_, word string) string { return word }), "counts",
				topology.LogConfig(map[string]string{"delete.retention.ms": "1"}))
			topology.To(counts.ToStream(), out, topology.Serdes(serde.String, serde.DecimalInt64))
			return tb
		}
		want := feed(t, b, in, 100)
		catchUp(t, topo(), cfg)
		var mu sync.Mutex // guards restores
		var restores []processor.RestoreInfo
		cfg.Observer.OnRestore = func(r processor.RestoreInfo) {
			mu.Lock()
			defer mu.Unlock()
			restores = append(restores, r)
		}
		again := start(t, topo(), cfg)
		ready(t, again)
		if all := logged(t, b, cfg); again.Totals().Restored != all {
			t.Errorf("%d of %d restored", again.Totals().Restored, all)
		}
		mu.Lock()
		defer mu.Unlock()
		if len(restores) != 1 || restores[0].Dropped == "" || restores[0].Store != "counts" {
			t.Errorf("%v", restores)
		}
		checkCounts(t, b, out, want)
	})
}

// State that nobody uses goes away after Config.StateRetention, not before.
func TestStateRetention(t *testing.T) {
	b := kafkatest.Fake(t)
	in, out := b.NewTopic(t, 2), b.NewTopic(t, 1)
	dir := t.TempDir()
	cfg := config(t, b, kafkatest.NewName(t))
	cfg.State = lsm.Dir(dir)
	feed(t, b, in, 20)
	catchUp(t, wordCount(in, out), cfg)
	unused := func() *topology.Builder { return forward(in, out) }
	stored := func() []string {
		db, err := lsm.Dir(dir).Open(t.Context(), state.Options{App: cfg.AppID})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		var names []string
		all, err := db.Stored()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			names = append(names, s.ID.Name)
		}
		slices.Sort(names)
		return names
	}
	catchUp(t, unused(), cfg)
	if got := stored(); !slices.Equal(got, []string{"counts", "counts"}) {
		t.Errorf("%v after a short time", got)
	}
	cfg.StateRetention = time.Nanosecond
	catchUp(t, unused(), cfg)
	if got := stored(); len(got) != 0 {
		t.Errorf("%v after the retention", got)
	}
}
