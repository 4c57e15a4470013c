package runtime

import (
	"math"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// The client's times have run over after the year 2262; what the broker said is
// found in them all the same.
func TestTimesBeyondTheClients(t *testing.T) {
	for _, ms := range []int64{
		0, -1, 1, 1_700_000_000_123, math.MaxInt64 / 1_000_000, math.MaxInt64/1_000_000 + 1, 253_402_300_800_000,
		1_700_000_000_123_456, 1<<57 - 1, -1 << 57,
	} {
		r := &kgo.Record{Timestamp: time.Unix(0, ms*1_000_000)} // as the client makes it
		if got := millisOf(r); got != ms {
			t.Errorf("%d ms became %d", ms, got)
		}
	}
}
