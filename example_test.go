package millrace_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/embedded"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state/lsm"
	"github.com/millrace-io/millrace/topology"
)

// A word count over what is in a topic, on the embedded broker.
func ExampleApp_RunUntilCaughtUp() {
	broker, err := embedded.Start(embedded.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer broker.Close()
	ctx := context.Background()
	client, err := kgo.NewClient(kgo.SeedBrokers(broker.Addrs()...))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	if _, err := kadm.NewClient(client).CreateTopics(ctx, 1, 1, nil, "lines", "totals"); err != nil {
		log.Fatal(err)
	}
	for _, line := range []string{"to be or", "not to be"} {
		if err := client.ProduceSync(ctx, &kgo.Record{Topic: "lines", Value: []byte(line)}).FirstErr(); err != nil {
			log.Fatal(err)
		}
	}

	b := topology.New()
	lines := topology.Stream[string, string](b, "lines")
	words := topology.FlatMapValues(lines, strings.Fields)
	counts := topology.Count(topology.GroupBy(words, func(_, word string) string { return word }), "counts")
	topology.To(counts.ToStream(), "totals", topology.Serdes(serde.String, serde.DecimalInt64))
	app, err := millrace.New(b, millrace.Config{AppID: "wordcount", Brokers: broker.Addrs()})
	if err != nil {
		log.Fatal(err)
	}
	if err := app.RunUntilCaughtUp(ctx); err != nil {
		log.Fatal(err)
	}

	reader, err := kgo.NewClient(kgo.SeedBrokers(broker.Addrs()...), kgo.ConsumeTopics("totals"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		log.Fatal(err)
	}
	defer reader.Close()
	for n := 0; n < 6; {
		reader.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
			fmt.Printf("%s %s\n", r.Key, r.Value)
			n++
		})
	}
	// Output:
	// to 1
	// be 1
	// or 1
	// not 1
	// to 2
	// be 2
}

// Everything that is wrong comes out together, with the place of each.
func ExampleNew_errors() {
	b := topology.New()
	topology.To(topology.Stream[string, string](b, "in"), "out")
	_, err := millrace.New(b, millrace.Config{AppID: "no spaces", CommitInterval: time.Hour})
	fmt.Println(err)
	// Output:
	// config: AppID "no spaces": 1 to 150 letters, digits, '.', '_' and '-' are needed, since topics are named after it
	// config: Brokers is empty: give at least one address, host:port
	// config: CommitInterval 1h0m0s must be shorter than TransactionTimeout 10s, or brokers abort transactions before they are committed
}

// The description says which subtopologies there are, and what each node reads
// and writes.
func ExampleApp_Describe() {
	b := topology.New()
	orders := topology.Stream[string, string](b, "orders", topology.Name("orders"))
	topology.To(orders.Filter(func(_, v string) bool { return v != "" }, topology.Name("not-empty")), "kept", topology.Name("kept"))
	app, err := millrace.New(b, millrace.Config{AppID: "orders", Brokers: []string{"127.0.0.1:9092"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(app.Describe())
	// Output:
	// subtopology 0
	//   orders     source  orders     string, string  serdes string, string
	//   not-empty  filter  orders     string, string
	//   kept       sink    not-empty  string, string  -> kept; serdes string, string
}

// A service: state in a folder, metrics and health over HTTP, stopped by a
// signal.
func ExampleApp_Run() {
	b := topology.New()
	clicks := topology.Stream[string, string](b, "clicks")
	topology.To(topology.Count(topology.GroupByKey(clicks), "per-user").ToStream(), "clicks-per-user")
	registry := prometheus.NewRegistry()
	app, err := millrace.New(b, millrace.Config{
		AppID: "clicks", Brokers: []string{"kafka-1:9092", "kafka-2:9092"},
		State: lsm.Dir("/var/lib/clicks"), Logger: slog.Default(), Registerer: registry,
	})
	if err != nil {
		log.Fatal(err)
	}
	health := func(check func() error) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if err := check(); err != nil {
				http.Error(w, err.Error(), http.StatusServiceUnavailable)
			}
		}
	}
	http.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	http.Handle("/livez", health(app.Live))
	http.Handle("/readyz", health(app.Ready))
	go func() { log.Print(http.ListenAndServe("127.0.0.1:8080", nil)) }()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := app.Run(ctx); err != nil {
		log.Fatal(err)
	}
}

// TLS and SASL are options of the Kafka client.
func ExampleConfig_client() {
	cfg := millrace.Config{
		AppID: "orders", Brokers: []string{"kafka:9093"},
		Client: []kgo.Opt{
			kgo.DialTLS(),
			kgo.SASL(scram.Auth{User: "orders", Pass: "from a file"}.AsSha512Mechanism()),
		},
	}
	b := topology.New()
	topology.To(topology.Stream[string, string](b, "in"), "out")
	_, err := millrace.New(b, cfg)
	fmt.Println(err)
	// Output: <nil>
}

// Records that cannot be decoded go to a dead-letter topic; a service that
// fails is asked three times more, then the record is dropped.
func ExampleConfig_errors() {
	errBusy := errors.New("busy")
	cfg := millrace.Config{
		AppID: "orders", Brokers: []string{"kafka:9092"},
		Errors: processor.Policies{
			Decode:          processor.Policy{Then: processor.DeadLetter},
			DeadLetterTopic: "orders-dead",
			Process: processor.Policy{Decide: func(e *processor.Error) processor.Decision {
				switch {
				case !errors.Is(e, errBusy):
					return processor.Decision{Action: processor.Fail}
				case e.Attempt <= 3:
					return processor.Decision{Action: processor.Retry}
				}
				return processor.Decision{Action: processor.Skip}
			}},
		},
	}
	b := topology.New()
	topology.To(topology.Stream[string, string](b, "orders"), "checked")
	_, err := millrace.New(b, cfg)
	fmt.Println(err)
	// Output: <nil>
}
