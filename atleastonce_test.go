package millrace_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state/lsm"
)

// Nothing is lost and, as long as nothing fails, nothing comes twice.
func TestAtLeastOnceWithoutFailures(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 3), b.NewTopic(t, 2)
		cfg := config(t, b, kafkatest.NewName(t))
		cfg.Guarantee = millrace.AtLeastOnce
		cfg.State = lsm.Dir(t.TempDir())
		want := feed(t, b, in, 500)
		app := catchUp(t, wordCount(in, out), cfg)
		if got := app.Totals(); got.Records != 500+int64(total(want)) || got.Commits == 0 {
			t.Errorf("%+v", got)
		}
		checkCounts(t, b, out, want)
		feed(t, b, in, 500)
		if n := catchUp(t, wordCount(in, out), cfg).Totals().Restored; n != 0 {
			t.Errorf("%d restored after a clean stop", n)
		}
		for word := range want {
			want[word] *= 2
		}
		checkCounts(t, b, out, want)
		if got := app.Status().Guarantee; got != "at_least_once" {
			t.Error(got)
		}
	})
}

// After aborts in the middle no word lacks its final count; counts may come
// again and be too high, which is what the guarantee allows.
func TestAtLeastOnceAfterAborts(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 3), b.NewTopic(t, 2)
		cfg := config(t, b, kafkatest.NewName(t))
		cfg.Guarantee, cfg.CommitInterval = millrace.AtLeastOnce, 5*time.Millisecond
		cfg.State = lsm.Dir(t.TempDir())
		for range 3 {
			feed(t, b, in, 1500)
			app := start(t, wordCount(in, out), cfg)
			kafkatest.WaitFor(t, "some commits", func() bool { return app.Totals().Commits > 2 })
			app.Abort()
			_ = wait(t, app)
		}
		catchUp(t, wordCount(in, out), cfg)
		highest := make(map[string]int64)
		for _, r := range b.ReadCommitted(t, out) {
			n, err := strconv.ParseInt(string(r.Value), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			highest[string(r.Key)] = max(highest[string(r.Key)], n)
		}
		for word, n := range feedCounts(t, b, in) {
			if highest[word] < n {
				t.Errorf("word %s: counted %d of %d", word, highest[word], n)
			}
		}
	})
}

// Policies are the same under both guarantees.
func TestAtLeastOnceDeadLetters(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out, dead, cfg := setUp(t, b)
		cfg.Guarantee = millrace.AtLeastOnce
		cfg.Errors.Decode.Then = processor.DeadLetter
		put(t, b, in, 0, "1", "x", "3")
		catchUp(t, integers(in, out), cfg)
		if diff := cmp.Diff([]string{"1", "3"}, texts(t, b, out)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"x"}, texts(t, b, dead)); diff != "" {
			t.Error(diff)
		}
	})
}

// Outputs under at least once are no transactions: they are visible before
// anything is committed.
func TestAtLeastOnceHasNoTransactions(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 1), b.NewTopic(t, 1)
		cfg := config(t, b, kafkatest.NewName(t))
		cfg.Guarantee = millrace.AtLeastOnce
		put(t, b, in, 0, "1", "2")
		catchUp(t, forward(in, out), cfg)
		if end := b.EndOffsets(t, out)[0]; end != 2 {
			t.Errorf("the output ends at %d: it has markers", end)
		}
	})
}
