package millrace_test

import (
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/millrace-io/millrace/changelog"
	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
)

// What is wrong with the cluster is found out before the first record, and the
// error says what to do.

func TestMissingTopics(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 1), b.NewTopic(t, 1)
		for name, c := range map[string]struct {
			in, out, dead string
			says          []string
		}{
			"input":          {"no-such-input", out, "", []string{"topic no-such-input does not exist", "create it", "rig_test.go:"}},
			"output":         {in, "no-such-output", "", []string{"topic no-such-output", "does not exist", "create it", "rig_test.go:"}},
			"dead letters":   {in, out, "no-such-letters", []string{"dead-letter topic no-such-letters does not exist", "create it"}},
			"all three":      {"no-such-input", "no-such-output", "no-such-letters", []string{"no-such-input", "no-such-output", "no-such-letters"}},
			"matching input": {in, out, in + "-dead", []string{in + "-dead"}},
		} {
			t.Run(name, func(t *testing.T) {
				cfg := config(t, b, kafkatest.NewName(t))
				cfg.Errors.DeadLetterTopic = c.dead
				began := time.Now()
				says(t, fails(t, forward(c.in, c.out), cfg), c.says...)
				if took := time.Since(began); took > 10*time.Second {
					t.Errorf("it took %s to say so", took)
				}
			})
		}
	})
}

// A client that may create topics makes its outputs itself.
func TestMissingOutputIsFineIfClientsCreateTopics(t *testing.T) {
	b := kafkatest.Fake(t, kfake.AllowAutoTopicCreation())
	in := b.NewTopic(t, 1)
	put(t, b, in, 0, "1")
	cfg := config(t, b, kafkatest.NewName(t))
	cfg.Client = append(cfg.Client, kgo.AllowAutoTopicCreation())
	catchUp(t, forward(in, "made-by-the-client"), cfg)
	expect(t, b, "made-by-the-client", []string{"1"})
}

func TestInternalTopicWithWrongPartitionCount(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 2), b.NewTopic(t, 1)
		t.Run("changelog", func(t *testing.T) {
			cfg := config(t, b, kafkatest.NewName(t))
			b.CreateTopic(t, cfg.AppID+"-counts-changelog", 3, "cleanup.policy", "compact")
			err := fails(t, wordCount(in, out), cfg)
			says(t, err, cfg.AppID+"-counts-changelog has 3 partitions and needs 2", `store "counts"`, "reset the application")
			var e *changelog.PartitionsError
			if !errors.As(err, &e) {
				t.Errorf("%T is no *changelog.PartitionsError", err)
			}
		})
		t.Run("repartition with its changelog", func(t *testing.T) {
			// A repartition topic that is there already counts: the changelog
			// follows it.
			cfg := config(t, b, kafkatest.NewName(t))
			b.CreateTopic(t, cfg.AppID+"-counts-repartition", 3)
			b.CreateTopic(t, cfg.AppID+"-counts-changelog", 2, "cleanup.policy", "compact")
			says(t, fails(t, wordCount(in, out), cfg), cfg.AppID+"-counts-changelog has 2 partitions and needs 3")
		})
	})
}

func TestInternalTopicWithHarmfulConfig(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 1), b.NewTopic(t, 1)
		cfg := config(t, b, kafkatest.NewName(t))
		b.CreateTopic(t, cfg.AppID+"-counts-changelog", 1, "cleanup.policy", "delete")
		says(t, fails(t, wordCount(in, out), cfg), "cleanup.policy=delete", "set cleanup.policy=compact")
	})
}

func TestBrokerThatIsTooOld(t *testing.T) {
	for name, v := range map[string]*kversion.Versions{"2.8": kversion.V2_8_0(), "2.4": kversion.V2_4_0()} {
		t.Run(name, func(t *testing.T) {
			b := kafkatest.Fake(t, kfake.MaxVersions(v))
			in, out := "in", "out"
			says(t, fails(t, forward(in, out), config(t, b, kafkatest.NewName(t))), "too old", "Kafka 3.0 or later")
		})
	}
}

func TestOldestBrokerThatWorks(t *testing.T) {
	b := kafkatest.Fake(t, kfake.MaxVersions(kversion.V3_0_0()))
	in, out := b.NewTopic(t, 2), b.NewTopic(t, 1)
	want := feed(t, b, in, 100)
	catchUp(t, wordCount(in, out), config(t, b, kafkatest.NewName(t)))
	checkCounts(t, b, out, want)
}

// A dead-letter topic must not be one of the inputs, nor missing where a policy
// needs it: that is known before anything is connected.
func TestPoliciesThatCannotWork(t *testing.T) {
	b := kafkatest.Fake(t)
	cfg := config(t, b, "app")
	cfg.Errors.Decode.Then = processor.DeadLetter
	cfg.Errors.Process.Then = processor.NullValue
	cfg.Errors.Punctuate = processor.Policy{Then: processor.DeadLetter, Retries: -1}
	cfg.Errors.Produce.Then = processor.Replace
	err := refused(t, forward("in", "out"), cfg)
	says(t, err,
		"Errors.Decode: dead letters need Config.Errors.DeadLetterTopic",
		"Errors.Process: null_value is for decode errors only",
		"Errors.Punctuate: Retries and Backoff must not be negative",
		"Errors.Punctuate: a punctuation has no record",
		"Errors.Produce: a replacement can be given by Decide only")
	cfg.Errors = processor.Policies{DeadLetterTopic: "in"}
	says(t, refused(t, forward("in", "out"), cfg), "DeadLetterTopic", "reads in itself")

	// Global tables send no dead letters: they need no topic for them.
	tb := forward("in", "out")
	topology.GlobalTable[string, string](tb, "a", "a-table", topology.OnDecodeError(processor.Policy{Then: processor.DeadLetter}))
	newApp(t, tb, config(t, b, "app"))
	topology.GlobalTable[string, string](tb, "b", "b-table", topology.OnDecodeError(processor.Policy{Retries: -1}))
	says(t, refused(t, tb, config(t, b, "app")), "refuse_test.go:", "OnDecodeError: Retries and Backoff must not be negative")
}
