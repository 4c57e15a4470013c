package runtime

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

// What is processed of a repartition topic is deleted, and only that; counts
// stay right over a restart.
func TestRepartitionTopicsArePurged(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newRig(t, b, 2)
		cfg := r.config()
		cfg.Housekeeping = 10 * time.Millisecond
		topic := r.app + "-counts-repartition"
		r.feed(200)
		run := r.start(cfg)
		adm := kadm.NewClient(b.Client(t))
		kafkatest.WaitFor(t, "deletion of all that is processed", func() bool {
			starts, err := adm.ListStartOffsets(t.Context(), topic)
			if err != nil || starts.Error() != nil {
				return false
			}
			committed, left := b.Committed(t, r.app)[topic], int64(0)
			for p, end := range b.EndOffsets(t, topic) {
				o, _ := starts.Lookup(topic, p)
				if o.Offset > committed[p] {
					t.Fatalf("partition %d starts at %d, behind the committed offset %d", p, o.Offset, committed[p])
				}
				left += end - o.Offset
			}
			return left <= 2*2 && len(committed) == 2 // markers at the ends
		})
		if err := run.stop(); err != nil {
			t.Fatal(err)
		}
		r.feed(100)
		r.catchUp(r.config())
		r.check()
	})
}
