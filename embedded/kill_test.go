package embedded_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

// outcome is what a producer knows of a transaction.
type outcome string

const (
	committed outcome = "committed"
	aborted   outcome = "aborted"
	unknown   outcome = "unknown" // an error: the broker may have done it or not
)

// Ten SIGKILLs under load. Every transaction writes to five partitions of two
// topics and moves its producer's offset; at the end each is there completely
// or not at all, as its producer was told.
func TestKillsLoseNoCommittedAndShowNoAbortedRecord(t *testing.T) {
	const kills, producers = 10, 3
	b := kafkatest.Embedded(t)
	b.CreateTopic(t, "in", producers)
	b.CreateTopic(t, "left", 3)
	b.CreateTopic(t, "right", 2)

	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	told := make([][]outcome, producers)
	for i := range producers {
		wg.Go(func() { told[i] = produceUntil(ctx, b, i) })
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range kills {
		time.Sleep(time.Duration(100+random.IntN(300)) * time.Millisecond)
		b.Kill(t)
		b.Restart(t)
	}
	time.Sleep(100 * time.Millisecond) // some transactions behind the last kill
	stop()
	wg.Wait()
	b.Kill(t)
	b.Restart(t)

	seen := make(map[string][]string)
	for _, topic := range []string{"left", "right"} {
		for _, r := range b.ReadCommitted(t, topic) {
			seen[string(r.Value)] = append(seen[string(r.Value)], fmt.Sprintf("%s/%d", topic, r.Partition))
		}
	}
	offsets := b.Committed(t, "group")["in"]
	count := make(map[outcome]int)
	for i := range producers {
		last := int64(0)
		for n, o := range told[i] {
			count[o]++
			name := fmt.Sprintf("%d-%d", i, n)
			got := strings.Join(seen[name], " ")
			whole := got == "left/0 left/1 left/2 right/0 right/1"
			switch {
			case got != "" && !whole:
				t.Errorf("transaction %s (%s) is there in part: %s", name, o, got)
			case o == committed && !whole:
				t.Errorf("committed transaction %s is lost", name)
			case o == aborted && whole:
				t.Errorf("aborted transaction %s is visible", name)
			}
			if whole {
				last = int64(n) + 1
			}
		}
		if offsets[int32(i)] != last {
			t.Errorf("producer %d: the committed offset is %d, the last transaction there wants %d", i, offsets[int32(i)], last)
		}
	}
	t.Logf("transactions: %v", count)
	if count[committed] < 50 || count[aborted] < 5 {
		t.Errorf("too little happened to prove anything: %v", count)
	}
}

// produceUntil runs transactions until ctx ends and returns what it was told of
// each. After an error it starts over with a new client.
func produceUntil(ctx context.Context, b *kafkatest.Broker, i int) []outcome {
	var told []outcome
	for ctx.Err() == nil {
		cl, err := kgo.NewClient(append(b.Options(),
			kgo.TransactionalID(fmt.Sprintf("producer-%d", i)),
			kgo.RecordPartitioner(kgo.ManualPartitioner()),
			kgo.RetryTimeout(5*time.Second),
		)...)
		if err != nil {
			panic(err)
		}
		for ctx.Err() == nil {
			o := transact(cl, i, len(told))
			told = append(told, o)
			if o == unknown {
				break
			}
		}
		cl.Close()
	}
	return told
}

// transact runs transaction n of producer i; every fifth is aborted. It does
// not stop half-way at the end of the test, so that nothing is in flight then.
func transact(cl *kgo.Client, i, n int) outcome {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := cl.BeginTransaction(); err != nil {
		return unknown
	}
	name := fmt.Sprintf("%d-%d", i, n)
	err := cl.ProduceSync(ctx, record("left", 0, name), record("left", 1, name), record("left", 2, name),
		record("right", 0, name), record("right", 1, name)).FirstErr()
	if err == nil {
		err = kafkatest.SendOffset(ctx, cl, "group", "in", int32(i), int64(n)+1)
	}
	if err != nil {
		return unknown
	}
	end, o := kgo.TryCommit, committed
	if n%5 == 4 {
		end, o = kgo.TryAbort, aborted
	}
	if err := cl.EndTransaction(ctx, end); err != nil {
		return unknown
	}
	return o
}
