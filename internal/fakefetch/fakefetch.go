// Package fakefetch has a kfake cluster say what it should in its answers to
// fetches.
package fakefetch

import (
	"math"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// partitionBytes is what an answer has of one partition at most, beside a first
// batch that is larger: 400 partitions make the most that a client reads.
const partitionBytes = 256 << 10

// Mend bounds answers by partition alone. Where the bound for the whole is reached,
// kfake (v0.0.0-20260918054303) forgets to say which transactions were aborted, and
// a reader of committed records takes theirs for committed: see
// TestNoBoundOnFetchesLetsAbortedRecordsThrough in internal/kafkatest.
func Mend(c *kfake.Cluster) {
	c.ControlKey(int16(kmsg.Fetch), func(r kmsg.Request) (kmsg.Response, error, bool) {
		req := r.(*kmsg.FetchRequest)
		req.MaxBytes = math.MaxInt32
		for i := range req.Topics {
			for j := range req.Topics[i].Partitions {
				p := &req.Topics[i].Partitions[j]
				p.PartitionMaxBytes = min(p.PartitionMaxBytes, partitionBytes)
			}
		}
		return nil, nil, false
	})
}
