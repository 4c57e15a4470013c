package task

import (
	"fmt"
	"testing"
)

func TestWhatWasWrittenAgainDoesNotWait(t *testing.T) {
	r := newRig(t, tally, "a").start()
	var one int64 // what a transaction has written
	for seq := range uint64(9) {
		r.add("a", fmt.Sprintf("k=1@%d", seq))
		r.process(0)
		before := r.UnappliedBytes()
		r.Settled(r.commit(seq + 1))
		one = r.UnappliedBytes() - before
		if seq%3 == 2 {
			r.Compact()
			r.want("bytes that wait", r.UnappliedBytes(), one)
		}
	}
	var writes []string
	for _, s := range r.prune(9) {
		for i := range s.Batch.Len() {
			writes = append(writes, fmt.Sprintf("%s=%s", s.Batch.At(i).Key, s.Batch.At(i).Value))
		}
	}
	r.want("writes", fmt.Sprint(writes), "[k=111111111]")
}

func TestMemoryOfCompactedBatchesIsUsedAgain(t *testing.T) {
	r := newRig(t, tally, "a").start()
	for seq := range uint64(100) {
		r.add("a", fmt.Sprintf("k=1@%d", seq))
		r.process(0)
		r.Settled(r.commit(seq + 1))
		r.Compact()
		if n := len(r.stores[0].spare); n != min(int(seq), 1) {
			t.Fatalf("the memory of %d batches is kept after transaction %d", n, seq+1)
		}
	}
}
