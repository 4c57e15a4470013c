// Franzgo is the floor in benchmarks/sidebyside: a bare loop over franz-go that
// consumes, transforms and produces, and does nothing else. Its counts are a map
// in memory without a changelog: they are lost when it stops.
package main

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/benchmarks/internal/program"
)

func main() { program.Main(run) }

// commitInterval is the default for transactions, and for offsets without them.
const commitInterval = 100 * time.Millisecond

func run(ctx context.Context, p *program.Program) error {
	if p.Commit == 0 {
		p.Commit = commitInterval
	}
	l := newLoop(p)
	opts := []kgo.Opt{
		kgo.SeedBrokers(p.Brokers...),
		kgo.ConsumerGroup(p.App),
		kgo.ConsumeTopics(p.In),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.DefaultProduceTopic(p.Out),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.ProducerLinger(0),
		kgo.SessionTimeout(10 * time.Second),
		kgo.HeartbeatInterval(time.Second),
	}
	if p.Guarantee == program.ExactlyOnce {
		return l.exactlyOnce(ctx, opts)
	}
	return l.atLeastOnce(ctx, opts)
}
