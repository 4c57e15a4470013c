package corpus

import (
	"time"

	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/topology"
)

// Joins of streams other than all pairs of two.

func init() {
	register("nearest", func(b *topology.Builder) {
		left, right := twoStreams(b)
		s := joins.Nearest(left, right, "joined", joins.Between(10*time.Second, 0).Grace(5*time.Second), bothOrNone, kept)
		topology.To(s, "out", textOut)
	})
	register("join-three", func(b *topology.Builder) {
		part := func(topic string) joins.StreamPart[string, string] {
			return joins.One(topology.Stream[string, string](b, topic), func(to *string, v string) { *to += v }, kept)
		}
		s := joins.Streams("joined", joins.Within(10*time.Second).Grace(5*time.Second), part("first"), part("second"), part("third"))
		topology.To(s, "out", textOut)
		topology.To(s.Late(), "late")
	})
}
