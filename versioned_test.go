package millrace_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/state/lsm"
	"github.com/millrace-io/millrace/topology"
)

// remember puts values into a versioned store; the value "?" asks for what the
// key was at each second from 0 to 9.
type remember struct {
	store state.Versioned[string, string]
}

// epoch is of today: a broker counts min.compaction.lag.ms from the times of
// records, and would compact older versions away.
var epoch = time.Now().Truncate(time.Second)

func (p remember) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
	if r.Value != "?" {
		_, err := p.store.Put(r.Key, r.Value, r.Time)
		return err
	}
	var answer strings.Builder
	for second := range int64(10) {
		v, _, ok, err := p.store.GetAsOf(r.Key, epoch.UnixMilli()+1000*second)
		if err != nil {
			return err
		}
		if !ok {
			v = "-"
		}
		answer.WriteString(v)
	}
	return out.Forward(processor.NewRecord(r.Key, answer.String(), r.Time))
}

func remembers(in, out string) *topology.Builder {
	b := topology.New()
	past := topology.NewVersionedStore[string, string](b, "past", 6*time.Second)
	topology.To(topology.Process(topology.Stream[string, string](b, in), func(ctx processor.Context) remember {
		return remember{past.Open(ctx)}
	}, topology.With(past)), out)
	return b
}

// at produces a record some seconds into the test's epoch.
func at(t *testing.T, b *kafkatest.Broker, topic string, second int, key, value string) {
	t.Helper()
	b.Produce(t, &kgo.Record{Topic: topic, Key: []byte(key), Value: []byte(value), Timestamp: epoch.Add(time.Duration(second) * time.Second)})
}

// A versioned store is brought back from its changelog by an instance that has
// nothing: history, stream time, and what is too old for them.
func TestVersionedStoreIsRestored(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 1), b.NewTopic(t, 1)
		cfg := config(t, b, kafkatest.NewName(t))
		cfg.ReplicationFactor = 1
		for _, backend := range []state.Backend{lsm.Dir(t.TempDir()), state.Memory(), lsm.Dir(t.TempDir())} {
			cfg.State = backend
			if len(values(t, b, out)) == 0 {
				at(t, b, in, 0, "k", "a")
				at(t, b, in, 7, "k", "c")
				at(t, b, in, 3, "k", "b")
			}
			at(t, b, in, 0, "k", "x") // before the history
			at(t, b, in, 9, "k", "?")
			catchUp(t, remembers(in, out), cfg)
		}
		want := []string{"-aabbbbccc", "-aabbbbccc", "-aabbbbccc"}
		if diff := cmp.Diff(want, values(t, b, out)); diff != "" {
			t.Error(diff)
		}
		wantConfig := map[string]string{"cleanup.policy": "compact", "message.timestamp.type": "CreateTime", "min.compaction.lag.ms": "86406000"}
		if diff := cmp.Diff(wantConfig, configured(t, b, cfg.AppID+"-past-changelog")); diff != "" {
			t.Error(diff)
		}
		// How often the newest version is there depends on the transactions; it is
		// the last.
		logged := changes(t, b, cfg, "past")
		if last := logged[len(logged)-1]; last != "k=c@7" {
			t.Errorf("%s was logged last", last)
		}
		slices.Sort(logged)
		if diff := cmp.Diff([]string{"k=a@0", "k=b@3", "k=c@7"}, slices.Compact(logged)); diff != "" {
			t.Error(diff)
		}
	})
}

// changes are the records of a changelog, with their seconds.
func changes(t *testing.T, b *kafkatest.Broker, cfg millrace.Config, store string) (all []string) {
	t.Helper()
	for _, r := range b.ReadCommitted(t, cfg.AppID+"-"+store+"-changelog") {
		v := string(r.Value)
		if r.Value == nil {
			v = "null"
		}
		all = append(all, fmt.Sprintf("%s=%s@%d", r.Key, v, r.Timestamp.Unix()-epoch.Unix()))
	}
	return all
}

// unseen passes on a value that its store does not have.
type unseen struct {
	store state.KeyValue[string, string]
}

func (p unseen) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
	if _, ok, err := p.store.Get(r.Value); ok || err != nil {
		return err
	}
	if err := p.store.Put(r.Value, ""); err != nil {
		return err
	}
	return out.Forward(r)
}

// What has expired is deleted from the changelog too, also by an instance that
// has just restored it; and stream time goes on where it was.
func TestExpiryIsLoggedAndSurvivesARestart(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 1), b.NewTopic(t, 1)
		cfg := config(t, b, kafkatest.NewName(t))
		topo := func() *topology.Builder {
			tb := topology.New()
			lately := topology.NewStore[string, string](tb, "lately", topology.TTL(10*time.Second))
			topology.To(topology.Process(topology.Stream[string, string](tb, in), func(ctx processor.Context) unseen {
				return unseen{lately.Open(ctx)}
			}, topology.With(lately)), out)
			return tb
		}
		at(t, b, in, 0, "", "a")
		at(t, b, in, 9, "", "b")
		at(t, b, in, 9, "", "a")
		catchUp(t, topo(), cfg)
		at(t, b, in, 5, "", "b") // late: the stream time is 9
		at(t, b, in, 12, "", "c")
		catchUp(t, topo(), cfg)
		at(t, b, in, 12, "", "a")
		catchUp(t, topo(), cfg)
		if diff := cmp.Diff([]string{"a", "b", "c", "a"}, values(t, b, out)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"a=@0", "b=@9", "c=@12", "a=null@12", "a=@12"}, changes(t, b, cfg, "lately")); diff != "" {
			t.Error(diff)
		}
	})
}
