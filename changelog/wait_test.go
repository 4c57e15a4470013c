package changelog

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

// outcome is what a restore in the background returned.
type outcome struct {
	Result
	err error
}

func (l *log) background(ctx context.Context, r *Restorer, q Request) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		res, err := r.Restore(ctx, q)
		done <- outcome{res, err}
	}()
	return done
}

// A predecessor's transaction is open below the high watermark: what it wrote
// belongs to the state, or not, depending on its end.
func TestRestoreWaitsForAnOpenTransaction(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		for name, end := range map[string]kgo.TransactionEndTry{"commit": kgo.TryCommit, "abort": kgo.TryAbort} {
			t.Run(name, func(t *testing.T) {
				l := newLog(t, b, 1, nil)
				l.transact(kgo.TryCommit, l.put("a", "1", 1))
				open := l.writer()
				l.begin(open)
				l.write(open, l.put("a", "2", 2))
				l.transact(kgo.TryCommit, l.put("b", "behind", 3)) // of another instance
				s, progress := newStore(t), new(Progress)
				q := l.request(s)
				q.Progress = progress
				// The budget has room for one fetch: what is not given back
				// while waiting would be missing afterwards.
				done := l.background(deadline(t), l.restorer(Options{ChunkBytes: 1000, Memory: 3000}), q)
				kafkatest.WaitFor(t, "the first transaction to be restored", func() bool { return progress.Now().Position == 2 })
				// The log grows meanwhile; the target stays.
				l.transact(kgo.TryCommit, l.put("c", "later", 4))
				select {
				case o := <-done:
					t.Fatalf("restored while a transaction is open: %+v", o)
				case <-time.After(3 * fetchWaitMillis * time.Millisecond):
				}
				l.end(open, end)
				o := <-done
				if o.err != nil {
					t.Fatal(o.err)
				}
				if o.End != 5 || o.Position < 5 {
					t.Errorf("result %+v, want the end at 5", o.Result)
				}
				got := contents(t, s)
				if want := map[kgo.TransactionEndTry]string{kgo.TryCommit: "2", kgo.TryAbort: "1"}[end]; got["a"] != want || got["b"] != "behind" {
					t.Errorf("store %v, want a=%s", got, want)
				}
			})
		}
	})
}

func TestStuckTransactionIsReported(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		l := newLog(t, b, 1, nil)
		l.transact(kgo.TryCommit, l.put("a", "1", 1))
		open := l.writer()
		l.begin(open)
		l.write(open, l.put("a", "2", 2))
		id, epoch, err := open.ProducerID(deadline(t))
		if err != nil {
			t.Fatal(err)
		}
		reports := make(chan Stuck, 100)
		r := l.restorer(Options{StuckAfter: 10 * time.Millisecond, OnStuck: func(_ Request, s Stuck) { reports <- s }})
		s := newStore(t)
		done := l.background(deadline(t), r, l.request(s))
		var st Stuck
		select {
		case st = <-reports:
		case o := <-done:
			t.Fatalf("restored while a transaction is open: %+v", o)
		case <-deadline(t).Done():
			t.Fatal("no report")
		}
		if st.Err != nil || len(st.Producers) != 1 || st.Topic != l.topic || st.LastStable != 2 || st.HighWatermark != 3 || st.For <= 0 {
			t.Fatalf("report %+v", st)
		}
		if p := st.Producers[0]; p.ProducerID != id || p.ProducerEpoch != int32(epoch) || p.Start != 2 {
			t.Errorf("producer %v, want id %d epoch %d start 2", p, id, epoch)
		}
		l.end(open, kgo.TryCommit)
		if o := <-done; o.err != nil {
			t.Error(o.err)
		}
		expect(t, s, rows{"a": "2"})
	})
}

func TestWaitingRestoreEndsWithItsContextAndWithTheRestorer(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		l := newLog(t, b, 1, nil)
		open := l.writer()
		l.begin(open)
		l.write(open, l.put("a", "1", 1))
		defer l.end(open, kgo.TryAbort)

		r := l.restorer(Options{})
		ctx, cancel := context.WithCancel(deadline(t))
		done := l.background(ctx, r, l.request(newStore(t)))
		cancel()
		if o := <-done; !errors.Is(o.err, context.Canceled) || !strings.Contains(o.err.Error(), "counts") {
			t.Error(o.err)
		}

		started := make(chan Result, 1)
		r = l.restorer(Options{OnStart: func(_ Request, r Result) { started <- r }})
		done = l.background(deadline(t), r, l.request(newStore(t)))
		select {
		case <-started:
		case o := <-done:
			t.Fatalf("ended before it started: %+v", o)
		}
		r.Close()
		if o := <-done; !errors.Is(o.err, errClosed) {
			t.Error(o.err)
		}
	})
}

func TestStartAndEndAreTold(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		l := newLog(t, b, 1, nil)
		l.transact(kgo.TryCommit, l.put("a", "1", 1))
		var told []Result
		r := l.restorer(Options{
			OnStart: func(q Request, r Result) { told = append(told, r) },
			OnEnd:   func(q Request, r Result, err error) { told = append(told, r) },
		})
		res, err := r.Restore(deadline(t), l.request(newStore(t)))
		if err != nil {
			t.Fatal(err)
		}
		if len(told) != 2 || told[0] != (Result{End: 2}) || told[1] != res || res != (Result{Position: 2, End: 2, Records: 1, Bytes: 2}) {
			t.Errorf("told %+v, result %+v", told, res)
		}
		if told[0].Remaining() != 2 || res.Remaining() != 0 {
			t.Error("remaining")
		}
	})
}

// tail is what NextPosition is for.
func TestNextPositionTellsRecordsFromMarkers(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		l := newLog(t, b, 1, nil)
		l.transact(kgo.TryCommit, l.put("a", "1", 1))                     // 0, marker 1
		l.transact(kgo.TryAbort, l.put("b", "1", 1), l.put("c", "1", 1))  // 2, 3, marker 4
		l.transact(kgo.TryCommit, l.put("d", "1", 1), l.put("e", "1", 1)) // 5, 6, marker 7
		l.transact(kgo.TryAbort, l.put("b", "1", 1))                      // 8, marker 9
		open := l.writer()
		l.begin(open)
		l.write(open, l.put("f", "1", 1)) // 10
		defer l.end(open, kgo.TryAbort)
		cl := l.Client(t)
		for _, c := range []struct{ from, to, want int64 }{
			{0, 10, 0}, // a record
			{1, 5, 5},  // marker, aborted, marker
			{1, 10, 5},
			{6, 10, 6},
			{7, 10, 10}, // nothing any more
			{7, 11, 10}, // the open transaction
			{10, 10, 10},
		} {
			got, err := NextPosition(deadline(t), cl, l.topic, 0, c.from, c.to)
			if err != nil || got != c.want && (got < c.to || c.want < c.to) {
				t.Errorf("next position from %d to %d is %d, %v; want %d", c.from, c.to, got, err, c.want)
			}
		}
		ends := OffsetsAtEnd(deadline(t), cl, map[string][]int32{l.topic: {0}, "no-such-topic": {0}}, ReadCommitted)
		if e := ends[l.topic][0]; e.Err != nil || e.Offset != 10 {
			t.Errorf("last stable offset %+v, want 10", e)
		}
		if e := ends["no-such-topic"][0]; e.Err == nil || e.Offset != -1 {
			t.Errorf("end of a missing topic %+v", e)
		}
		ends = OffsetsAtEnd(deadline(t), cl, map[string][]int32{l.topic: {0, 9}}, ReadUncommitted)
		if e := ends[l.topic][0]; e.Err != nil || e.Offset != 11 {
			t.Errorf("high watermark %+v, want 11", e)
		}
		if e := ends[l.topic][9]; e.Err == nil {
			t.Errorf("end of a missing partition %+v", e)
		}
	})
}
