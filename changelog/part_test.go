package changelog

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/state"
)

// failing is a Store of which Load number n fails.
type failing struct {
	state.Store
	loads, n int
	largest  int
}

var errDisk = errors.New("disk full")

func (f *failing) Load(b *state.Batch, p state.Position) error {
	f.largest = max(f.largest, b.Bytes())
	if f.loads++; f.loads == f.n {
		return errDisk
	}
	return f.Store.Load(b, p)
}

// A small fetch of well compressed records becomes large; it is loaded in
// parts, and a restore goes on behind the part that was loaded last.
func TestPartsAreBoundedAndResumable(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		const records, chunk = 1000, 5000
		l := newLog(t, b, 1, nil)
		cl := l.producer(kgo.ProducerBatchCompression(kgo.Lz4Compression()), kgo.ProducerBatchMaxBytes(1<<20))
		l.write(cl, l.many(records, 200, 0)...)
		s := &failing{Store: newStore(t), n: 20}
		r := l.restorer(Options{ChunkBytes: chunk, Memory: 3 * chunk})
		first, err := r.Restore(deadline(t), l.request(s))
		if !errors.Is(err, errDisk) || !strings.Contains(err.Error(), "load") {
			t.Fatal(err)
		}
		if p, _ := s.Position(); p.Next != first.Records || first.Records == 0 || first.Position != p.Next {
			t.Errorf("position %+v after %+v", p, first)
		}
		second, err := r.Restore(deadline(t), l.request(s))
		if err != nil {
			t.Fatal(err)
		}
		if first.Records+second.Records != records || second.Start != first.Position {
			t.Errorf("%+v, then %+v, want %d records in all", first, second, records)
		}
		if n := len(contents(t, s)); n != records {
			t.Errorf("%d rows", n)
		}
		if s.largest > chunk+300 {
			t.Errorf("a batch of %d bytes", s.largest)
		}
	})
}

// The budget is whole again after restores that ended in every way.
func TestMemoryIsGivenBack(t *testing.T) {
	b := kafkatest.Fake(t)
	l := newLog(t, b, 1, nil)
	l.write(l.producer(), l.many(100, 1000, 0)...)
	o := Options{ChunkBytes: 10_000, Memory: 30_000}
	r := l.restorer(o)
	for n := range 12 {
		if _, err := r.Restore(deadline(t), l.request(&failing{Store: newStore(t), n: n})); err != nil && !errors.Is(err, errDisk) {
			t.Fatal(err)
		}
		if !r.memory.TryAcquire(o.Memory) {
			t.Fatalf("memory is held after Load %d failed", n)
		}
		r.memory.Release(o.Memory)
	}
}

func TestRecordsWithoutKeyAreNoRows(t *testing.T) {
	var r run
	rows := rowsOf(t, newStore(t), state.Plain)
	r.add(rows, state.Write{Value: []byte("no key")})
	r.add(rows, state.Write{Key: []byte{}, Value: []byte("empty key")})
	r.add(rows, state.Write{Delete: true})
	r.add(rows, state.Write{Key: []byte("a"), Delete: true})
	if r.records != 2 || r.batch.Len() != 2 {
		t.Fatalf("%d records, %d rows", r.records, r.batch.Len())
	}
	if w := r.batch.At(0); len(w.Key) != 0 || string(w.Value) != "empty key" || w.Delete {
		t.Errorf("row %+v", w)
	}
	if w := r.batch.At(1); string(w.Key) != "a" || !w.Delete {
		t.Errorf("row %+v", w)
	}
}

func TestPickKeepsPartitionsApartThatMustNotMeet(t *testing.T) {
	at := func(num int32, alone bool) *want {
		return &want{partition: partition{topic: "log", num: num}, alone: alone}
	}
	waiting := []*want{at(0, false), at(1, true), at(0, false), at(2, false), at(3, true)}
	var rounds []string
	for len(waiting) > 0 {
		var now []*want
		now, waiting = pick(waiting)
		round := ""
		for _, w := range now {
			round += fmt.Sprint(w.num)
		}
		rounds = append(rounds, round)
	}
	if diff := cmp.Diff([]string{"02", "1", "0", "3"}, rounds); diff != "" {
		t.Error(diff)
	}
}

func TestPartitionsShareRequests(t *testing.T) {
	b := kafkatest.Fake(t)
	const partitions = 20
	l := newLog(t, b, partitions, nil)
	cl := l.producer()
	for p := range int32(partitions) {
		l.write(cl, l.many(10, 100, p)...)
	}
	requests, twice := 0, ""
	b.Fake.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		b.Fake.KeepControl()
		requests++
		seen := map[int32]bool{}
		for _, t := range req.(*kmsg.FetchRequest).Topics {
			for _, p := range t.Partitions {
				if seen[p.Partition] {
					twice = fmt.Sprint("partition ", p.Partition, " is twice in a request")
				}
				seen[p.Partition] = true
			}
		}
		return nil, nil, false
	})
	l.restoreAll(partitions, 10, Options{})
	if twice != "" || requests >= partitions {
		t.Errorf("%d requests %s", requests, twice)
	}
}
