// Goka is the program of goka in benchmarks/sidebyside: LevelDB and its default
// settings, except that nothing is compressed, as everywhere in the benchmark. It
// is a module of its own, so that the library does not depend on goka, and takes
// the flags that package benchmarks/internal/program describes.
package main

import (
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/IBM/sarama"
	"github.com/lovoo/goka"
	"github.com/lovoo/goka/codec"
	"github.com/lovoo/goka/storage"
)

var (
	brokers  = flag.String("brokers", "localhost:9092", "addresses of Kafka brokers, host:port,...")
	app      = flag.String("app", "benchmark", "group")
	topology = flag.String("topology", "pass", "pass or count")
	in       = flag.String("in", "in", "input topic")
	out      = flag.String("out", "out", "output topic")
	state    = flag.String("state", "", "folder for state")
	commit   = flag.Duration("commit", 0, "interval of offset commits; 0 is goka's default, 1 s")
	_        = flag.String("guarantee", "at-least-once", "goka knows no other")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	config := goka.DefaultConfig()
	config.Version = sarama.V3_0_0_0 // brokers from 4.0 on refuse the requests of the default, 2.0
	config.Producer.Compression = sarama.CompressionNone
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.IsolationLevel = sarama.ReadCommitted
	if *commit > 0 {
		config.Consumer.Offsets.AutoCommit.Interval = *commit
	}
	goka.ReplaceGlobalConfig(config)

	topics := goka.NewTopicManagerConfig()
	topics.Table.Replication = 1
	p, err := goka.NewProcessor(strings.Split(*brokers, ","), group(),
		goka.WithStorageBuilder(storage.DefaultBuilder(*state)),
		goka.WithTopicManagerBuilder(goka.TopicManagerBuilderWithConfig(config, topics)),
		goka.WithLogger(log.New(io.Discard, "", 0)))
	if err != nil {
		return err
	}
	return p.Run(ctx)
}

func group() *goka.GroupGraph {
	if *topology == "pass" {
		return goka.DefineGroup(goka.Group(*app), goka.Input(goka.Stream(*in), new(codec.String), pass),
			goka.Output(goka.Stream(*out), new(codec.String)))
	}
	return goka.DefineGroup(goka.Group(*app), goka.Input(goka.Stream(*in), new(codec.String), count),
		goka.Output(goka.Stream(*out), bigEndian{}), goka.Persist(bigEndian{}))
}

func pass(ctx goka.Context, msg any) {
	processing()
	if v := msg.(string); v[0] != '-' {
		ctx.Emit(goka.Stream(*out), ctx.Key(), "+"+v[1:])
	}
}

func count(ctx goka.Context, _ any) {
	processing()
	n, _ := ctx.Value().(int64)
	n++
	ctx.SetValue(n)
	ctx.Emit(goka.Stream(*out), ctx.Key(), n)
}

// processing tells the driver when the first record is processed.
var processing = sync.OnceFunc(func() {
	fmt.Printf("{\"event\":\"processing\",\"unix_ms\":%d}\n", time.Now().UnixMilli())
})

// bigEndian is the format of counts of the other programs: codec.Int64 writes
// decimal text.
type bigEndian struct{}

func (bigEndian) Encode(v any) ([]byte, error) {
	return binary.BigEndian.AppendUint64(nil, uint64(v.(int64))), nil
}

func (bigEndian) Decode(b []byte) (any, error) {
	if len(b) != 8 {
		return nil, fmt.Errorf("a count of %d bytes, want 8", len(b))
	}
	return int64(binary.BigEndian.Uint64(b)), nil
}
