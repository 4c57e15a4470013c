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

// A commit that the broker has, and the instance thinks has failed, moves offsets on
// while the tasks go back: what they read again must still be there.
func TestPurgeLeavesWhatIsReadAgain(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newRig(t, b, 2)
		r.feed(300)
		cfg := r.config()
		cfg.ExactlyOnce, cfg.InFlight, cfg.Housekeeping = false, 1, time.Hour
		topic := r.app + "-counts-repartition"
		adm := kadm.NewClient(b.Client(t))
		var inst *Instance
		var known map[int32]int64 // what both have
		purged, seen := int64(0), 0
		cfg.Fault = func(p Point, _ uint64) error {
			if p != PointOffsets {
				return nil
			}
			if seen++; seen%2 == 1 {
				known = b.Committed(t, r.app)[topic]
				return nil
			}
			inst.purge(t.Context())
			starts, err := adm.ListStartOffsets(t.Context(), topic)
			if err != nil || starts.Error() != nil {
				t.Errorf("list start offsets: %v, %v", err, starts.Error())
			}
			starts.Each(func(o kadm.ListedOffset) {
				purged += o.Offset
				if o.Offset > known[o.Partition] {
					t.Errorf("partition %d starts at %d, but its task goes back to %d", o.Partition, o.Offset, known[o.Partition])
				}
			})
			return errInjected
		}
		inst = New(cfg)
		if err := inst.RunUntilCaughtUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.checkAtLeast()
		if purged == 0 {
			t.Error("nothing was deleted")
		}
	})
}
