package runtime

import (
	"context"
	"errors"
	"net"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

// maxRecordBytes is the largest record that clients send: a broker's default
// message.max.bytes, less what a batch adds.
const maxRecordBytes = 1_000_000

// metadataAge is the least time between two looks at the cluster's metadata.
const metadataAge = 100 * time.Millisecond

// baseOpts are for every client. The versions of requests that name topics by
// id in their newest forms are held back, since we send names.
func (i *Instance) baseOpts() []kgo.Opt {
	v := kversion.Stable()
	v.SetMaxKeyVersion(int16(kmsg.OffsetCommit), 9)
	v.SetMaxKeyVersion(int16(kmsg.OffsetFetch), 9)
	v.SetMaxKeyVersion(int16(kmsg.TxnOffsetCommit), 5)
	opts := []kgo.Opt{
		kgo.MaxVersions(v), kgo.DisableClientMetrics(), kgo.WithHooks(&clientHook{i.cfg.Recorder, &i.unreachable}),
		// A refused batch waits for the next metadata before it is sent again,
		// by default up to 5 s: too long for a broker that answers
		// CONCURRENT_TRANSACTIONS, as each does now and then. Unknown topics
		// get as much patience as before, counted in shorter steps.
		kgo.MetadataMinAge(metadataAge), kgo.UnknownTopicRetries(int(20 * time.Second / metadataAge)),
	}
	if i.cfg.Logger != nil {
		opts = append(opts, kgo.WithLogger(&clientLogger{i.cfg.Logger}))
	}
	return append(opts, i.cfg.Client...)
}

func (i *Instance) producerOpts(transactionalID string) []kgo.Opt {
	opts := append(i.baseOpts(),
		kgo.RecordPartitioner(newPartitioner()),
		kgo.ProducerBatchMaxBytes(maxRecordBytes+10_000),
		kgo.MaxBufferedRecords(1<<20), // the outbox is the bound
		kgo.ProducerLinger(5*time.Millisecond),
		kgo.ConcurrentTransactionsBackoff(5*time.Millisecond),
	)
	if transactionalID != "" {
		opts = append(opts, kgo.TransactionalID(transactionalID), kgo.TransactionTimeout(i.cfg.TransactionTimeout))
	}
	return opts
}

// fetchShare is which part of the queues' budget one fetch from a broker may fill,
// and maxFetchBytes what it has at most, the client's own default: an answer of
// twice that is more than it reads. Fetches come on top of the budget: of each
// broker one is under way or waits to be polled, and all memory of those before is
// held until the last of its records is done with. That is why no partition may
// have more than its share of a fetch: tasks would be done with theirs one after
// the other. It is not less than half, since a batch that does not fit is cut off
// by the broker, and read again.
const (
	fetchShare     = 16
	partitionShare = 2
	maxFetchBytes  = 50 << 20
)

func (i *Instance) groupOpts() []kgo.Opt {
	// First, for the user's options to win.
	fetch := int32(min(i.cfg.QueueBytes/fetchShare, maxFetchBytes))
	opts := []kgo.Opt{kgo.FetchMaxBytes(fetch), kgo.FetchMaxPartitionBytes(fetch / partitionShare)}
	return append(append(opts, i.baseOpts()...),
		kgo.ClientID(i.clientID()),
		kgo.WithContext(i.link.ctx), kgo.WithHooks(i.link),
		kgo.ConsumerGroup(i.cfg.App),
		kgo.ConsumeTopics(i.layout().topics()...),
		kgo.Balancers(i.balancer),
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(),
		kgo.SessionTimeout(i.cfg.SessionTimeout),
		kgo.RebalanceTimeout(i.cfg.RebalanceTimeout),
		kgo.HeartbeatInterval(min(time.Second, i.cfg.SessionTimeout/6)),
		kgo.FetchMaxWait(200*time.Millisecond),
		// Inputs are read committed under both guarantees; markers are kept
		// since they move positions too.
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.KeepControlRecords(),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.OnPartitionsAssigned(i.callback(i.onAssigned)),
		kgo.OnPartitionsRevoked(i.callback(i.onRevoked)),
		kgo.OnPartitionsLost(i.callback(i.onLost)),
		kgo.AdjustFetchOffsetsFn(i.adjustOffsets),
	)
}

// adjustOffsets is asked by the client before it uses the committed offsets of
// new partitions. It makes every one a plain number: the starter sets the real
// ones, and can do so only for partitions that have one.
func (i *Instance) adjustOffsets(_ context.Context, fetched map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	var tps []tp
	for topic, partitions := range fetched {
		for p, o := range partitions {
			at := max(o.EpochOffset().Offset, 0)
			partitions[p] = kgo.NewOffset().At(at)
			tps = append(tps, tp{topic, p})
		}
	}
	i.loaded.set(tps, true)
	return fetched, nil
}

// brokerAway reports errors that go away when a broker is back.
func brokerAway(err error) bool {
	var net net.Error
	return errors.As(err, &net) || kgo.IsRetryableBrokerErr(err) ||
		kerr.IsRetriable(err) || errors.Is(err, context.DeadlineExceeded)
}

// brokersAwaySince reports whether a broker could not be reached since then.
// One that restarts may end the transactions that were open.
func (i *Instance) brokersAwaySince(then time.Time) bool {
	return i.unreachable.Load() >= then.UnixMilli()
}

// fatalBroker reports answers of a broker that no retry will change.
func fatalBroker(err error) bool {
	return slices.ContainsFunc([]error{
		kerr.TopicAuthorizationFailed, kerr.GroupAuthorizationFailed, kerr.ClusterAuthorizationFailed,
		kerr.TransactionalIDAuthorizationFailed, kerr.SaslAuthenticationFailed, kerr.UnsupportedSaslMechanism,
		kerr.MessageTooLarge, kerr.RecordListTooLarge, kerr.InvalidRecord, kerr.InvalidTimestamp, kerr.InvalidTopicException,
		kerr.UnsupportedVersion, kerr.UnsupportedForMessageFormat, kerr.InvalidTransactionTimeout,
		kerr.InvalidSessionTimeout, kerr.OffsetMetadataTooLarge, kerr.InconsistentGroupProtocol, kerr.InvalidGroupID,
	}, func(fatal error) bool { return errors.Is(err, fatal) }) || errors.Is(err, kerr.UnknownTopicOrPartition)
}
