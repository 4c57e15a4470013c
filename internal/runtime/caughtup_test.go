package runtime

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// transact writes records in one transaction.
func (r *rig) transact(commit kgo.TransactionEndTry, records ...*kgo.Record) {
	r.t.Helper()
	cl, err := kgo.NewClient(append(r.b.Options(), kgo.TransactionalID(kafkatest.NewName(r.t)))...)
	if err != nil {
		r.t.Fatal(err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(context.Background(), kafkatest.WaitTimeout)
	defer cancel()
	if err := cl.BeginTransaction(); err != nil {
		r.t.Fatal(err)
	}
	if err := cl.ProduceSync(ctx, records...).FirstErr(); err != nil {
		r.t.Fatal(err)
	}
	if err := cl.EndTransaction(ctx, commit); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) line(words string) *kgo.Record {
	return &kgo.Record{Topic: r.in, Key: []byte(words), Value: []byte(words)}
}

// TestCaughtUpBehindMarkers ends the input in what a reader never gets to see:
// the markers of transactions, and the records of one that was aborted.
func TestCaughtUpBehindMarkers(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newRig(t, b, 2)
		for i := range 5 {
			word := fmt.Sprintf("w%d", i)
			r.transact(kgo.TryCommit, r.line(word))
			r.want[word]++
			r.transact(kgo.TryAbort, r.line(word), r.line(word))
		}
		r.catchUp(r.config())
		r.check()
		if !r.reached(r.in) {
			t.Errorf("committed %v of %v", b.Committed(t, r.app)[r.in], b.EndOffsets(t, r.in))
		}
		r.catchUp(r.config()) // nothing to do
		r.check()
	})
}

// TestCaughtUpOnAbortedRecordsOnly has no record at all that could be
// processed.
func TestCaughtUpOnAbortedRecordsOnly(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newRig(t, b, 2)
		for range 3 {
			r.transact(kgo.TryAbort, r.line("a"), r.line("b"))
		}
		r.catchUp(r.config())
		r.check()
	})
}

func TestCaughtUpOnEmptyInput(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newRig(t, b, 2)
		r.catchUp(r.config())
		r.check()
	})
}

// TestCaughtUpTogether has three instances work on one input until all of it
// is done, whoever does it.
func TestCaughtUpTogether(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newRig(t, b, 4)
		r.feed(2000)
		r.catchUp(r.config(), r.config(), r.config())
		r.check()
	})
}

// TestCaughtUpThroughTwoRepartitions counts words, and then how many words have
// been updated to each count: n words written k times each must give n updates
// for each of 1 ... k.
func TestCaughtUpThroughTwoRepartitions(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newRig(t, b, 2)
		r.feed(500)
		tb := topology.New()
		lines := topology.Stream[string, string](tb, r.in)
		words := topology.FlatMapValues(lines, strings.Fields)
		counts := topology.Count(topology.GroupBy(words, func(_, word string) string { return word }), "counts")
		levels := topology.Map(counts.ToStream(), func(_ string, n int64) (string, string) { return fmt.Sprintf("level %d", n), "" })
		again := topology.Count(topology.GroupBy(levels, func(level, _ string) string { return level }), "levels")
		topology.To(again.ToStream(), r.out, topology.Serdes(serde.String, serde.DecimalInt64))
		want := make(map[string]int64)
		for _, n := range r.want {
			for level := range n {
				want[fmt.Sprintf("level %d", level+1)]++
			}
		}
		r.want = want
		r.catchUp(r.over(r.config(), tb, "counts", "levels"))
		r.check()
	})
}
