package runtime

import (
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

// brokerFaults are answers that brokers give to the requests of a commit. How
// many is how often each is given; answers that say that someone else has the
// transactional id are given once, since twice ends the instance.
var brokerFaults = []struct {
	key   kmsg.Key
	many  int
	codes []*kerr.Error
}{
	{kmsg.Produce, 4, []*kerr.Error{
		kerr.ConcurrentTransactions, kerr.NotLeaderForPartition, kerr.NotEnoughReplicas,
		kerr.RequestTimedOut, kerr.NotEnoughReplicasAfterAppend, // done, and not said so
		kerr.TransactionAbortable, kerr.UnknownServerError,
	}},
	{kmsg.Produce, 1, []*kerr.Error{kerr.InvalidProducerEpoch, kerr.InvalidTxnState, kerr.InvalidProducerIDMapping}},
	{kmsg.TxnOffsetCommit, 4, []*kerr.Error{
		kerr.IllegalGeneration, kerr.UnknownMemberID, kerr.ConcurrentTransactions, kerr.CoordinatorLoadInProgress,
		kerr.CoordinatorNotAvailable, kerr.NotCoordinator, kerr.RebalanceInProgress, kerr.TransactionAbortable, kerr.UnknownServerError,
		kerr.RequestTimedOut, // done, and not said so
	}},
	{kmsg.TxnOffsetCommit, 1, []*kerr.Error{kerr.InvalidProducerEpoch, kerr.ProducerFenced, kerr.InvalidTxnState}},
	{kmsg.EndTxn, 4, []*kerr.Error{
		kerr.UnknownServerError, kerr.ConcurrentTransactions, kerr.CoordinatorLoadInProgress, kerr.CoordinatorNotAvailable,
		kerr.NotCoordinator, kerr.TransactionAbortable,
	}},
	{kmsg.EndTxn, 1, []*kerr.Error{kerr.InvalidTxnState, kerr.ProducerFenced, kerr.InvalidProducerEpoch, kerr.InvalidProducerIDMapping}},
	{kmsg.InitProducerID, 4, []*kerr.Error{kerr.ConcurrentTransactions, kerr.CoordinatorNotAvailable, kerr.CoordinatorLoadInProgress}},
	{kmsg.OffsetFetch, 4, []*kerr.Error{kerr.UnstableOffsetCommit, kerr.CoordinatorLoadInProgress}},
}

// TestAnswersOfTheBroker gives each answer a few times in the middle of
// processing. Whatever it was, the counts are exact and processing goes on.
func TestAnswersOfTheBroker(t *testing.T) {
	for _, f := range brokerFaults {
		for _, code := range f.codes {
			t.Run(fmt.Sprintf("%s/%s", f.key.Name(), code.Message), func(t *testing.T) {
				t.Parallel()
				b := kafkatest.Fake(t)
				r := newRig(t, b, 2)
				r.feed(1000)
				given := give(b, f.key, code, f.many)
				inst := r.start(r.config())
				r.settled()
				given.Remove()
				r.feed(100)
				r.settled()
				if err := inst.stop(); err != nil {
					t.Errorf("Run: %v", err)
				}
				r.check()
				if given.Hits() == 0 {
					t.Error("the answer was never given")
				}
				t.Logf("given %d times: %+v", given.Hits(), inst.Totals())
			})
		}
	}
}

// give makes the broker answer every third request of a kind with an error,
// the second one first, as often as said.
func give(b *kafkatest.Broker, key kmsg.Key, code *kerr.Error, many int) *kfake.FaultHandle {
	n := 0
	var last kmsg.Request // a request with many partitions is asked for many times
	return b.Fake.Fault(kfake.Fault{
		Keys: []kmsg.Key{key}, Err: code, Count: many,
		TopLevel: key == kmsg.EndTxn || key == kmsg.InitProducerID,
		When: func(req kmsg.Request) bool {
			if req != last {
				n++
				last = req
			}
			return n%3 == 2
		},
	})
}

// TestAnswersToAPlainCommit is the same for commits outside of transactions,
// which at least once uses for all.
func TestAnswersToAPlainCommit(t *testing.T) {
	for _, code := range []*kerr.Error{
		kerr.RebalanceInProgress, kerr.IllegalGeneration, kerr.UnknownMemberID, kerr.CoordinatorLoadInProgress,
		kerr.NotCoordinator, kerr.RequestTimedOut, kerr.UnknownServerError,
	} {
		t.Run(code.Message, func(t *testing.T) {
			t.Parallel()
			b := kafkatest.Fake(t)
			r := newRig(t, b, 2)
			r.feed(1000)
			cfg := r.config()
			cfg.ExactlyOnce = false
			given := give(b, kmsg.OffsetCommit, code, 4)
			inst := r.start(cfg)
			r.settled()
			if err := inst.stop(); err != nil {
				t.Errorf("Run: %v", err)
			}
			r.checkAtLeast()
			if given.Hits() == 0 {
				t.Error("the answer was never given")
			}
		})
	}
}
