// Package fakefetch has a kfake cluster say what it should in its answers to
// fetches.
package fakefetch

import (
	"math"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Mend lifts the bound on the bytes of a whole answer. Where it is reached kfake
// (v0.0.0-20260918054303) forgets to say which transactions were aborted, and a
// reader of committed records takes theirs for committed. The bounds for single
// partitions have no such flaw and stay.
func Mend(c *kfake.Cluster) {
	c.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		req.(*kmsg.FetchRequest).MaxBytes = math.MaxInt32
		return nil, nil, false
	})
}
