package task

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
)

// Config is what a task is made of.
type Config struct {
	// App is the application id.
	App string
	// Sub is the subtopology, Partition the partition of its topics.
	Sub       *graph.Subtopology
	Partition int32
	// Topics are the full names of the topics of each source that have this
	// partition. Their order decides between records of equal time.
	Topics map[*graph.Node][]string
	// Positions says, by topic, at which offset reading begins: the committed
	// one or the resolved start. A topic that is missing is unknown until its
	// first record; a commit without any known offset has no Offsets.
	Positions map[string]int64
	// Restored is, by topic, the metadata of the committed offsets.
	Restored map[string]Metadata
	// Stores are the open byte stores by name. The owner closes them.
	Stores map[string]state.Store
	// Globals are the global tables that nodes read, by name, filled. The owner
	// keeps them up to date and closes them.
	Globals map[string]state.Store
	// Partitions is the number of partitions of a topic that is written to. It
	// may ask a broker, on the task's goroutine. Defaults to 1 for any topic.
	Partitions func(topic string) (int, error)

	// NowMs is the wall clock at this moment, from which the first wall-clock
	// punctuations count. Defaults to 0: they are due at once.
	NowMs int64

	// Executor is where calls to other services run, and Wake, if set, is
	// called on its goroutines when one is done: Process has something to do.
	// Executor defaults to graph.Inline.
	Executor graph.Executor
	Wake     func()
	// ExactlyOnce says that a commit covers all calls of the records before
	// it: see Drain. If not, it may be done while calls are open; its offsets
	// stay before the oldest record that has one.
	ExactlyOnce bool

	// Policies decide what happens to records that fail.
	Policies processor.Policies
	// OnError, if set, is told about every failed attempt and what is done
	// about it. It is called from the task's goroutine and must not block.
	OnError func(*processor.Error, processor.Action)

	// Context is the parent of what processor.Context.Context returns.
	// Defaults to context.Background().
	Context context.Context
	// EntryBytes bounds the entries of all stores together: clean ones are
	// evicted beyond it, but for half of it. Defaults to 16 MiB.
	EntryBytes int64
	// MaxRecordBytes is the size of key, value and headers beyond which an
	// output record is an error of class Produce. Defaults to no bound.
	MaxRecordBytes int
	// IdleWait is how much longer an empty input is waited for whose end has
	// been reached (Kafka Streams' max.task.idle.ms). Defaults to 0; negative
	// means that no input is ever waited for, whatever its lag.
	IdleWait time.Duration
}

func (c Config) withDefaults() Config {
	if c.Context == nil {
		c.Context = context.Background()
	}
	if c.Executor == nil {
		c.Executor = graph.Inline{}
	}
	if c.EntryBytes == 0 {
		c.EntryBytes = 16 << 20
	}
	return c
}

func (c *Config) validate() error {
	var errs []error
	seen := map[string]string{}
	for _, n := range c.Sub.Sources {
		for _, topic := range c.Topics[n] {
			if other, ok := seen[topic]; ok {
				errs = append(errs, fmt.Errorf("topic %s is read by the nodes %s and %s", topic, other, n.Name))
			}
			seen[topic] = n.Name
		}
		if d := n.Source.Decode; d != nil {
			errs = append(errs, c.checkPolicy("decode policy of source "+n.Name, d, processor.Decode))
		}
	}
	for _, s := range c.Sub.Stores {
		if c.Stores[s.Name] == nil {
			errs = append(errs, fmt.Errorf("store %s is not open", s.Name))
		}
	}
	for _, g := range c.Sub.Globals {
		if c.Globals[g.Name] == nil {
			errs = append(errs, fmt.Errorf("global table %s is not open", g.Name))
		}
	}
	p := &c.Policies
	errs = append(errs,
		c.checkPolicy("Policies.Decode", &p.Decode, processor.Decode),
		c.checkPolicy("Policies.Process", &p.Process, processor.Process),
		c.checkPolicy("Policies.Punctuate", &p.Punctuate, processor.Punctuate),
		c.checkPolicy("Policies.Produce", &p.Produce, processor.Produce))
	return errors.Join(errs...)
}

// checkPolicy refuses what can be known to make no sense before a record
// fails.
func (c *Config) checkPolicy(name string, p *processor.Policy, class processor.Class) error {
	switch {
	case p.Retries < 0 || p.Backoff < 0:
		return fmt.Errorf("%s: Retries and Backoff must not be negative", name)
	case p.Then == processor.Retry || p.Then == processor.Replace:
		return fmt.Errorf("%s: Then cannot be %s: set Retries, or Decide", name, p.Then)
	case p.Then == processor.NullValue && class != processor.Decode:
		return fmt.Errorf("%s: null_value is for decode errors only", name)
	case p.Then == processor.DeadLetter && class == processor.Punctuate:
		return fmt.Errorf("%s: a punctuation has no record for the dead-letter topic", name)
	case p.Then == processor.DeadLetter && c.Policies.DeadLetterTopic == "":
		return fmt.Errorf("%s: dead_letter needs Policies.DeadLetterTopic", name)
	}
	return nil
}
