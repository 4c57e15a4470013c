package chaos

import (
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

// kills ends copies with SIGKILL, one after the other, each replaced at once.
func kills(t *testing.T, b *kafkatest.Broker, name, guarantee string) {
	s := sized()
	r := begin(t, b, guarantee, copies, s, time.Duration(s.strokes+1)*s.every)
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
	kills(t, kafkatest.Kafka(t), "sigkill", exactlyOnce)
}

func TestKilledCopiesOnKafkaAtLeastOnce(t *testing.T) {
	kills(t, kafkatest.Kafka(t), "sigkill at least once", atLeastOnce)
}

func TestKilledCopiesOnEmbedded(t *testing.T) {
	kills(t, kafkatest.Embedded(t), "sigkill embedded", exactlyOnce)
}
