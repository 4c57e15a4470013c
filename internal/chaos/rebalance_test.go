package chaos

import (
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

// rebalances lets copies join and leave, each on a machine of its own: between
// one and four of them run at a time.
func rebalances(t *testing.T, b *kafkatest.Broker, name string) {
	const most = 4
	s := sized()
	r := begin(t, b, exactlyOnce, 1, s, time.Duration(s.strokes+1)*s.every)
	for range s.strokes {
		r.pass(s.every)
		r.fleet.check()
		if n := len(r.fleet.copies); n == 1 || n < most && r.rnd.IntN(2) == 0 {
			r.fleet.add()
		} else {
			r.fleet.remove(r.rnd.IntN(n))
		}
		r.strokes++
	}
	r.pass(s.every)
	r.finish(name, "joins and leaves")
}

func TestRebalanceUnderLoadOnKafka(t *testing.T) { rebalances(t, kafkatest.Kafka(t), "rebalance") }

func TestRebalanceUnderLoadOnEmbedded(t *testing.T) {
	rebalances(t, kafkatest.Embedded(t), "rebalance embedded")
}
