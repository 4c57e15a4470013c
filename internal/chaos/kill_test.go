package chaos

import (
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

// kills ends copies with SIGKILL, one after the other, each replaced at once.
func kills(t *testing.T, b *kafkatest.Broker, name, guarantee string, moves bool) {
	s := sized()
	r := begin(t, b, guarantee, copies, s, time.Duration(s.strokes+1)*s.every)
	r.fleet.moves = moves
	for range s.strokes {
		r.pass(s.every)
		c := r.fleet.pick()
		c.kill()
		r.fleet.again(c)
		r.strokes++
	}
	r.pass(s.every)
	r.finish(name, "kills")
}

func TestKilledCopiesOnKafka(t *testing.T) {
	kills(t, kafkatest.Kafka(t), "sigkill", exactlyOnce, false)
}

// A copy that was killed and comes back without its state folder is a stranger
// to the group, which waits for the dead one until its session is over.
func TestKilledCopiesThatMoveOnKafka(t *testing.T) {
	kills(t, kafkatest.Kafka(t), "sigkill and move", exactlyOnce, true)
}

func TestKilledCopiesOnKafkaAtLeastOnce(t *testing.T) {
	kills(t, kafkatest.Kafka(t), "sigkill at least once", atLeastOnce, true)
}

// Copies do not move here: a group of the embedded broker waits a whole
// rebalance time-out, a minute, for a member that is killed while it joins and
// never comes back.
func TestKilledCopiesOnEmbedded(t *testing.T) {
	kills(t, kafkatest.Embedded(t), "sigkill embedded", exactlyOnce, false)
}
