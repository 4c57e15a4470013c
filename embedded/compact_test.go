package embedded_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/embedded"
	"github.com/millrace-io/millrace/internal/kafkatest"
)

// folders runs fn on a broker in memory and on one in a folder.
func folders(t *testing.T, fn func(t *testing.T, dir string)) {
	t.Run("memory", func(t *testing.T) { fn(t, "") })
	t.Run("folder", func(t *testing.T) { fn(t, t.TempDir()) })
}

func TestCompactKeepsTheLastRecordPerKey(t *testing.T) {
	folders(t, func(t *testing.T, dir string) {
		e, b := serve(t, embedded.Config{Dir: dir})
		b.CreateTopic(t, "table", 1, "cleanup.policy", "compact")
		for _, v := range []string{"1", "2", "3"} {
			b.Produce(t, keyed("table", "a", "a"+v), keyed("table", "b", "b"+v))
		}
		b.Produce(t, keyed("table", "end", "end")) // the last batch is never touched
		if err := e.Compact(); err != nil {
			t.Fatal(err)
		}
		want := []string{"0:a3", "0:b3", "0:end"}
		if diff := cmp.Diff(want, values(b.ReadCommitted(t, "table"))); diff != "" {
			t.Error(diff)
		}
		if dir == "" {
			return
		}
		_, b = serve(t, embedded.Config{Dir: crash(t, dir)})
		if diff := cmp.Diff(want, values(b.ReadCommitted(t, "table"))); diff != "" {
			t.Errorf("after a crash: %s", diff)
		}
	})
}

func TestCompactIsRefusedWhileATransactionIsOpen(t *testing.T) {
	folders(t, func(t *testing.T, dir string) {
		e, b := serve(t, embedded.Config{Dir: dir})
		b.CreateTopic(t, "table", 1, "cleanup.policy", "compact")
		b.Produce(t, keyed("table", "a", "committed"))
		p := newProducer(t, b, "tx")
		p.begin(keyed("table", "a", "open"))
		p.cl.ProduceSync(t.Context(), keyed("table", "end", "end"))
		if err := e.Compact(); !errors.Is(err, embedded.ErrOpenTransactions) {
			t.Fatalf("Compact says %v", err)
		}
		p.end(kgo.TryAbort)
		if err := e.Compact(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"0:committed"}, values(b.ReadCommitted(t, "table"))); diff != "" {
			t.Error(diff)
		}
	})
}

// Producers go on while logs are compacted under them.
func TestCompactUnderLoadLosesNothing(t *testing.T) {
	e, b := serve(t, embedded.Config{Dir: t.TempDir()})
	b.CreateTopic(t, "table", 1, "cleanup.policy", "compact")
	const records, compactions = 3000, 3
	var sent atomic.Int64
	done := make(chan error, 1)
	cl := b.Client(t, kgo.MaxBufferedRecords(50), kgo.ProducerLinger(0))
	go func() {
		for n := range records {
			sent.Add(1)
			cl.Produce(t.Context(), keyed("table", fmt.Sprint(n%10), fmt.Sprint(n)), nil)
		}
		done <- cl.Flush(t.Context())
	}()
	for i := range compactions {
		kafkatest.WaitFor(t, "records", func() bool { return sent.Load() >= records*int64(i+1)/(compactions+1) })
		if err := e.Compact(); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	last := make(map[string]string)
	for _, r := range b.ReadCommitted(t, "table") {
		last[string(r.Key)] = string(r.Value)
	}
	for k := range 10 {
		if want := fmt.Sprint(records - 10 + k); last[fmt.Sprint(k)] != want {
			t.Errorf("key %d ends with %s, want %s", k, last[fmt.Sprint(k)], want)
		}
	}
}

func TestCompactionInterruptedByACrashIsUndone(t *testing.T) {
	dir := t.TempDir()
	_, b := serve(t, embedded.Config{Dir: dir})
	b.CreateTopic(t, "table", 1, "cleanup.policy", "compact")
	b.Produce(t, keyed("table", "a", "1"))
	b.Produce(t, keyed("table", "a", "2"))

	// The moment after kfake has deleted the log's files.
	dir = crash(t, dir)
	log := filepath.Join(dir, "partitions", "table-0")
	backup := filepath.Join(dir, "compaction", "table-0")
	if err := os.MkdirAll(filepath.Dir(backup), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(log, backup); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(log, 0o700); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		e, b := serve(t, embedded.Config{Dir: dir})
		if diff := cmp.Diff([]string{"0:1", "0:2"}, values(b.ReadCommitted(t, "table"))); diff != "" {
			t.Error(diff)
		}
		e.Close()
	}
}

func TestStartCompactsAboveTheLimit(t *testing.T) {
	dir := t.TempDir()
	e, b := serve(t, embedded.Config{Dir: dir})
	b.CreateTopic(t, "table", 1, "cleanup.policy", "compact")
	for n := range 10 {
		b.Produce(t, keyed("table", "a", fmt.Sprint(n)))
	}
	e.Close()
	count := func(above int64) int {
		e, b := serve(t, embedded.Config{Dir: dir, CompactAbove: above})
		defer e.Close()
		return len(b.ReadCommitted(t, "table"))
	}
	if n := count(-1); n != 10 {
		t.Errorf("%d records with compaction off, want 10", n)
	}
	if n := count(1 << 20); n != 10 {
		t.Errorf("%d records below the limit, want 10", n)
	}
	if n := count(1); n != 2 {
		t.Errorf("%d records above the limit, want 2: the last of the compacted part and the last batch", n)
	}
}
