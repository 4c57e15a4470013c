package chaos

import (
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

// brokerKills ends the broker with SIGKILL while copies run, leaves it dead for
// a moment and starts it on the same folder and port. The copies wait for it.
func brokerKills(t *testing.T, b *kafkatest.Broker, name string) {
	s := sized()
	r := begin(t, b, exactlyOnce, copies, s, time.Duration(s.strokes+1)*s.every)
	for range s.strokes {
		r.pass(s.every)
		r.fleet.check()
		b.Kill(t)
		r.pass(time.Second)
		b.Restart(t)
		r.strokes++
	}
	r.pass(s.every)
	r.finish(name, "broker kills")
}

func TestKilledBrokerEmbedded(t *testing.T) {
	brokerKills(t, kafkatest.Embedded(t), "broker sigkill embedded")
}

// Kafka 4.2: later versions lose transaction markers when they are killed. It
// takes its time to start again, so this is for full size only.
func TestKilledBrokerKafka(t *testing.T) {
	if !full() {
		t.Skip("takes minutes: set MILLRACE_CHAOS=full to run it")
	}
	brokerKills(t, kafkatest.Start(t, kafkatest.Options{Version: kafkatest.KillVersion}), "broker sigkill")
}
