package millrace_test

import (
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

const secret = "secret-4711" // a value that must not come out in errors

// integers is a topology that reads and writes numbers as text.
func integers(in, out string, opts ...topology.Option) *topology.Builder {
	b := topology.New()
	s := topology.Stream[string, int64](b, in, append(opts, topology.ValueSerde(serde.DecimalInt64))...)
	topology.To(s, out, topology.ValueSerde(serde.DecimalInt64))
	return b
}

// texts are committed values, with null for those that are one.
func texts(t *testing.T, b *kafkatest.Broker, topic string) []string {
	t.Helper()
	got := []string{}
	for _, r := range b.ReadCommitted(t, topic) {
		if r.Value == nil {
			got = append(got, "null")
			continue
		}
		got = append(got, string(r.Value))
	}
	return got
}

// setUp makes topics with one partition and a config whose dead letters go to
// the last.
func setUp(t *testing.T, b *kafkatest.Broker) (in, out, dead string, cfg millrace.Config) {
	t.Helper()
	in, out, dead = b.NewTopic(t, 1), b.NewTopic(t, 1), b.NewTopic(t, 1)
	cfg = config(t, b, kafkatest.NewName(t))
	cfg.Errors.DeadLetterTopic = dead
	return in, out, dead, cfg
}

func TestUndecodableRecord(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		for _, c := range []struct {
			then processor.Action
			want []string
			dead []string
		}{
			{processor.Skip, []string{"1", "3"}, []string{}},
			{processor.DeadLetter, []string{"1", "3"}, []string{secret}},
			{processor.NullValue, []string{"1", "null", "3"}, []string{}},
		} {
			t.Run(c.then.String(), func(t *testing.T) {
				in, out, dead, cfg := setUp(t, b)
				put(t, b, in, 0, "1", secret, "3")
				cfg.Errors.Decode.Then = c.then
				catchUp(t, integers(in, out), cfg)
				if diff := cmp.Diff(c.want, texts(t, b, out)); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(c.dead, texts(t, b, dead)); diff != "" {
					t.Error(diff)
				}
			})
		}
		t.Run("fail", func(t *testing.T) {
			in, out, _, cfg := setUp(t, b)
			put(t, b, in, 0, "1", secret, "3")
			err := fails(t, integers(in, out, topology.Name("numbers")), cfg)
			e := isError(t, err, processor.Decode, in, 0, 1, "task 0_0", "node numbers", "value", "decode policy")
			if strings.Contains(err.Error(), secret) || e.Stack != nil {
				t.Errorf("%v: has the value, or a stack", err)
			}
		})
	})
}

// A source's own policy wins over the application's, in both directions.
func TestDecodePolicyOfASource(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		lax, out, _, cfg := setUp(t, b)
		strict := b.NewTopic(t, 1)
		topo := func() *topology.Builder {
			tb := topology.New()
			number := topology.ValueSerde(serde.DecimalInt64)
			a := topology.Stream[string, int64](tb, lax, number, topology.OnDecodeError(processor.Policy{Then: processor.Skip}))
			c := topology.Stream[string, int64](tb, strict, number, topology.OnDecodeError(processor.Policy{}))
			topology.To(a.Merge(c), out, number)
			return tb
		}
		put(t, b, lax, 0, "1", "x", "2")
		catchUp(t, topo(), cfg)
		expect(t, b, out, []string{"1", "2"})
		put(t, b, strict, 0, "y")
		cfg.Errors.Decode.Then = processor.Skip
		isError(t, fails(t, topo(), cfg), processor.Decode, strict, 0, 0)
	})
}

func TestProcessErrorIsRetriedWithBackoff(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out, dead, cfg := setUp(t, b)
		put(t, b, in, 0, "1", "flaky", "hopeless", "4")
		cfg.Errors.Process = processor.Policy{Retries: 2, Backoff: 20 * time.Millisecond, Then: processor.DeadLetter}
		var flaky, hopeless []time.Time
		tb := topology.New()
		s := topology.Stream[string, string](tb, in)
		topology.To(topology.MapValuesErr(s, func(v string) (string, error) {
			switch v {
			case "flaky":
				if flaky = append(flaky, time.Now()); len(flaky) < 3 {
					return "", errors.New("not yet")
				}
			case "hopeless":
				hopeless = append(hopeless, time.Now())
				return "", errors.New("never")
			}
			return v, nil
		}, topology.Name("check")), out)
		catchUp(t, tb, cfg)
		if diff := cmp.Diff([]string{"1", "flaky", "4"}, texts(t, b, out)); diff != "" {
			t.Error(diff)
		}
		letters := b.ReadCommitted(t, dead)
		if len(letters) != 1 || string(letters[0].Value) != "hopeless" {
			t.Fatalf("%d dead letters", len(letters))
		}
		if at := header(letters[0], "millrace.error.attempts"); at != "3" {
			t.Errorf("%s attempts in the dead letter's header", at)
		}
		for _, tries := range [][]time.Time{flaky, hopeless} {
			if len(tries) != 3 {
				t.Fatalf("%d attempts", len(tries))
			}
			if first, second := tries[1].Sub(tries[0]), tries[2].Sub(tries[1]); first < 19*time.Millisecond || second < 39*time.Millisecond {
				t.Errorf("waited %s and %s", first, second)
			}
		}
	})
}

// A replacement is decoded as if it had come from the topic; one that fails is
// asked about again.
func TestDecideGivesAReplacement(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out, _, cfg := setUp(t, b)
		put(t, b, in, 0, "1", "two", "3")
		var attempts []int
		cfg.Errors.Decode.Decide = func(e *processor.Error) processor.Decision {
			attempts = append(attempts, e.Attempt)
			if e.Attempt == 1 {
				return processor.Decision{Action: processor.Replace, Value: []byte("still wrong")}
			}
			return processor.Decision{Action: processor.Replace, Value: []byte("2")}
		}
		catchUp(t, integers(in, out), cfg)
		if diff := cmp.Diff([]string{"1", "2", "3"}, texts(t, b, out)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]int{1, 2}, attempts); diff != "" {
			t.Error(diff)
		}
	})
}

func TestPanicOfUserCode(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out, _, cfg := setUp(t, b)
		put(t, b, in, 0, "fine", secret)
		tb := topology.New()
		s := topology.MapValues(topology.Stream[string, string](tb, in), explode)
		topology.To(s, out)
		var said logBuffer
		cfg.Logger = slog.New(slog.NewTextHandler(&said, nil))
		err := fails(t, tb, cfg)
		e := isError(t, err, processor.Process, in, 0, 1, "index out of range", "Stack")
		if !strings.Contains(string(e.Stack), "millrace_test.explode") {
			t.Errorf("the stack does not name the function:\n%s", e.Stack)
		}
		if strings.Contains(err.Error()+said.String(), secret) {
			t.Errorf("the error or the log has the value: %v", err)
		}
		if !strings.Contains(said.String(), "millrace_test.explode") {
			t.Error("the log does not have the stack")
		}
	})
}

func explode(v string) string {
	if v == secret {
		return []string{}[len(v)]
	}
	return v
}

// A record that no broker takes is of class Produce, whoever made it; nothing
// is left of the input record that it came from.
func TestRecordThatIsTooLarge(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out, dead, cfg := setUp(t, b)
		topo := func() *topology.Builder {
			tb := topology.New()
			s := topology.FlatMapValues(topology.Stream[string, string](tb, in), func(v string) []string {
				if v == "grow" {
					return []string{"small", strings.Repeat("x", 1_100_000)}
				}
				return []string{v}
			})
			topology.To(s, out)
			return tb
		}
		put(t, b, in, 0, "1", "grow", "3")
		isError(t, fails(t, topo(), cfg), processor.Produce, in, 0, 1, "1100000 bytes", "limit", out)
		cfg.Errors.Produce.Then = processor.DeadLetter
		catchUp(t, topo(), cfg)
		if diff := cmp.Diff([]string{"1", "3"}, texts(t, b, out)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"grow"}, texts(t, b, dead)); diff != "" {
			t.Error(diff)
		}
	})
}

// A Decide that fails stops the application, and what was committed before
// stays.
func TestDecideSeesEveryFailureAndCanStop(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out, _, cfg := setUp(t, b)
		put(t, b, in, 0, "1", "x", "y")
		var asked atomic.Int32
		cfg.Errors.Decode.Decide = func(e *processor.Error) processor.Decision {
			asked.Add(1)
			if e.Offset == 2 {
				return processor.Decision{Action: processor.Fail}
			}
			return processor.Decision{Action: processor.Skip}
		}
		isError(t, fails(t, integers(in, out), cfg), processor.Decode, in, 0, 2)
		if asked.Load() != 2 {
			t.Errorf("Decide was asked %d times", asked.Load())
		}
	})
}
