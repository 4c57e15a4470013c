package runtime

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/topology"
)

func TestGlobalTableWaitsForBrokers(t *testing.T) {
	t.Parallel()
	b := kafkatest.Fake(t)
	proxy := kafkatest.NewProxy(t, b.Addrs[0])
	gate := make(chan struct{})
	r := newGlobalRig(t, b, 1)
	r.opts = []topology.Option{topology.ValueSerde(&gated{gate: gate, at: "1"})}
	r.names("a=1")
	r.ask("a")
	cfg := r.config()
	cfg.Client = append(cfg.Client, proxy.Option())
	run := r.start(cfg)
	away := func() bool { return run.brokersAway.Load() }
	kafkatest.WaitFor(t, "the fill to begin", func() bool { return run.globals[0].begun.Load() })
	proxy.Cut()
	kafkatest.WaitFor(t, "a broker that is away while the table is filled", away)
	r.names("a=2")
	close(gate)
	proxy.Restore()
	r.waitFilled(run)
	r.waitPosition(run, 2)
	kafkatest.WaitFor(t, "an answer", func() bool { return len(r.answers()) == 1 })
	proxy.Cut()
	kafkatest.WaitFor(t, "a broker that is away", away)
	r.names("a=3")
	proxy.Restore()
	r.waitPosition(run, 3)
	if err := run.stop(); err != nil {
		t.Error(err)
	}
}

func TestGlobalTableAndAnswersOfTheBroker(t *testing.T) {
	for _, f := range []struct {
		key   kmsg.Key
		codes []*kerr.Error
	}{
		{kmsg.ListOffsets, []*kerr.Error{kerr.NotLeaderForPartition, kerr.LeaderNotAvailable, kerr.OffsetNotAvailable}},
		{kmsg.Fetch, []*kerr.Error{kerr.NotLeaderForPartition, kerr.UnknownServerError, kerr.KafkaStorageError, kerr.UnknownTopicOrPartition}},
		{kmsg.DescribeConfigs, []*kerr.Error{kerr.TopicAuthorizationFailed, kerr.UnknownServerError}},
	} {
		for _, code := range f.codes {
			t.Run(f.key.Name()+"/"+code.Message, func(t *testing.T) {
				t.Parallel()
				b := kafkatest.Fake(t)
				r := newGlobalRig(t, b, 2)
				r.names("a=1", "b=2", "c=3")
				given := give(b, f.key, code, 4)
				run := r.start(r.config())
				r.waitFilled(run)
				r.names("a=2")
				r.waitPosition(run, 4)
				given.Remove()
				if diff := cmp.Diff([]string{"a=2", "b=2", "c=3"}, content(t, run.Instance)); diff != "" {
					t.Error(diff)
				}
				if err := run.stop(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// A position that retention has overtaken before the table is filled is no
// reason to end: nobody has read from it.
func TestGlobalTableThatIsOvertakenWhileItIsFilled(t *testing.T) {
	b := kafkatest.Fake(t)
	r := newGlobalRig(t, b, 1)
	r.names("a=1", "b=2", "c=3")
	overtaken := b.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: r.table, Err: kerr.OffsetOutOfRange})
	run := r.start(r.config())
	r.waitFilled(run)
	if overtaken.Hits() == 0 {
		t.Error("the answer was never given")
	}
	if diff := cmp.Diff([]string{"a=1", "b=2", "c=3"}, content(t, run.Instance)); diff != "" {
		t.Error(diff)
	}
	b.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: r.table, Err: kerr.OffsetOutOfRange})
	r.names("d=4")
	err := r.ends(run)
	if err == nil || !strings.Contains(err.Error(), "restore: node names: topic "+r.table+" partition 0 offset 3: the position is not in the log any more (a restart reads the topic anew)") {
		t.Error(err)
	}
}
