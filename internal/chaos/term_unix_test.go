//go:build unix

package chaos

import (
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

// terms ends copies with SIGTERM: each commits, leaves the group, exits with
// status 0 and is replaced at once.
func terms(t *testing.T, b *kafkatest.Broker, name string) {
	s := sized()
	r := begin(t, b, exactlyOnce, copies, s, time.Duration(s.strokes+1)*s.every)
	r.fleet.moves = true
	for range s.strokes {
		r.pass(s.every)
		c := r.fleet.pick()
		r.fleet.leave(c)
		r.fleet.again(c)
		r.strokes++
	}
	r.pass(s.every)
	r.finish(name, "ends")
}

func TestTerminatedCopiesOnKafka(t *testing.T) { terms(t, kafkatest.Kafka(t), "sigterm") }

func TestTerminatedCopiesOnEmbedded(t *testing.T) {
	terms(t, kafkatest.Embedded(t), "sigterm embedded")
}

// freezes stops copies with SIGSTOP for longer than their session time-out, so
// that others take over their work, and lets them go on. A copy that wakes
// still believes that it is a member and has transactions open. If atRest, no
// copy is stopped in the middle of a rebalance.
func freezes(t *testing.T, b *kafkatest.Broker, name string, atRest bool) {
	s := sized()
	if !full() {
		s.strokes = 2
	}
	frozen := s.session + 2*time.Second
	r := begin(t, b, exactlyOnce, copies, s, time.Duration(s.strokes)*(frozen+s.every))
	for range s.strokes {
		if atRest {
			kafkatest.WaitFor(t, "the end of the rebalance", func() bool {
				return b.Assigned(t, r.app) == 2*partitions // of input and repartition topic
			})
		}
		c := r.fleet.pick()
		if err := freeze(c.cmd.Process); err != nil {
			t.Fatal(err)
		}
		time.Sleep(frozen)
		if err := thaw(c.cmd.Process); err != nil {
			t.Fatal(err)
		}
		r.strokes++
		r.pass(s.every)
	}
	r.finish(name, "freezes")
}

func TestFrozenCopiesOnKafka(t *testing.T) { freezes(t, kafkatest.Kafka(t), "sigstop", false) }

// While a leader is frozen between its JoinGroup and its SyncGroup request, kfake
// lets the sessions of those expire who wait for its plan, owes them the answer
// and miscounts who joins from then on: nothing goes on for a rebalance time-out.
func TestFrozenCopiesOnEmbedded(t *testing.T) {
	freezes(t, kafkatest.Embedded(t), "sigstop embedded", true)
}
