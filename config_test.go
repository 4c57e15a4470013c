package millrace_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/topology"
)

// refused is the error of New.
func refused(t *testing.T, b *topology.Builder, cfg millrace.Config) error {
	t.Helper()
	if _, err := millrace.New(b, cfg); err != nil {
		return err
	}
	t.Fatal("New accepts it")
	return nil
}

func TestConfigNeedsOnlyIDAndBrokers(t *testing.T) {
	if _, err := millrace.New(forward("in", "out"), millrace.Config{AppID: "app", Brokers: []string{"127.0.0.1:1"}}); err != nil {
		t.Fatal(err)
	}
}

func TestConfigProblems(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*millrace.Config)
		says   []string
	}{
		"no id":                      {func(c *millrace.Config) { c.AppID = "" }, []string{`AppID ""`}},
		"id with a slash":            {func(c *millrace.Config) { c.AppID = "a/b" }, []string{`AppID "a/b"`, "topics are named after it"}},
		"id that is too long":        {func(c *millrace.Config) { c.AppID = strings.Repeat("a", 151) }, []string{"1 to 150"}},
		"no brokers":                 {func(c *millrace.Config) { c.Brokers = nil }, []string{"Brokers is empty", "host:port"}},
		"brokers in Client":          {func(c *millrace.Config) { c.Brokers = nil; c.Client = []kgo.Opt{kgo.SeedBrokers("127.0.0.1:1")} }, nil},
		"Client without brokers":     {func(c *millrace.Config) { c.Brokers = nil; c.Client = []kgo.Opt{kgo.ClientID("me")} }, []string{"Brokers is empty"}},
		"empty broker":               {func(c *millrace.Config) { c.Brokers = []string{""} }, []string{"Brokers"}},
		"bad instance id":            {func(c *millrace.Config) { c.InstanceID = "pod 1" }, []string{`InstanceID "pod 1"`}},
		"unknown guarantee":          {func(c *millrace.Config) { c.Guarantee = 7 }, []string{"Guarantee 7 is unknown"}},
		"no workers":                 {func(c *millrace.Config) { c.Workers = -1 }, []string{"Workers must be at least 1"}},
		"negative time":              {func(c *millrace.Config) { c.StateRetention = -1 }, []string{"StateRetention must not be negative"}},
		"commits after time-out":     {func(c *millrace.Config) { c.CommitInterval = 20 * time.Second }, []string{"CommitInterval 20s", "TransactionTimeout 10s"}},
		"the same at least once":     {func(c *millrace.Config) { c.CommitInterval = 20 * time.Second; c.Guarantee = millrace.AtLeastOnce }, nil},
		"too little memory":          {func(c *millrace.Config) { c.Memory.Outbox = 1000 }, []string{"Memory.Outbox must be at least 1 MiB"}},
		"negative replication":       {func(c *millrace.Config) { c.ReplicationFactor = -2 }, []string{"ReplicationFactor"}},
		"client that cannot be made": {func(c *millrace.Config) { c.Client = []kgo.Opt{kgo.MaxBufferedRecords(-5)} }, []string{"Client"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := millrace.Config{AppID: "app", Brokers: []string{"127.0.0.1:1"}}
			c.change(&cfg)
			if c.says == nil {
				if _, err := millrace.New(forward("in", "out"), cfg); err != nil {
					t.Fatal(err)
				}
				return
			}
			says(t, refused(t, forward("in", "out"), cfg), c.says...)
		})
	}
}

// All problems come out together, those of the topology too.
func TestConfigProblemsAreJoined(t *testing.T) {
	b := topology.New()
	topology.To(topology.Stream[string, struct{ X chan int }](b, "in"), "in")
	err := refused(t, b, millrace.Config{Workers: -1, CommitInterval: -1, Client: []kgo.Opt{kgo.ConsumerGroup("mine")}})
	says(t, err, "config_test.go:", "AppID", "Workers", "CommitInterval must not be negative", "kgo.ConsumerGroup")
}

// Each option that Millrace sets itself is refused by its name.
func TestClientOptionsThatAreOwned(t *testing.T) {
	for name, opt := range map[string]kgo.Opt{
		"kgo.ConsumerGroup":          kgo.ConsumerGroup("mine"),
		"kgo.ConsumeTopics":          kgo.ConsumeTopics("mine"),
		"kgo.ConsumeResetOffset":     kgo.ConsumeResetOffset(kgo.NewOffset().AtEnd()),
		"kgo.SessionTimeout":         kgo.SessionTimeout(time.Minute),
		"kgo.RebalanceTimeout":       kgo.RebalanceTimeout(time.Hour),
		"kgo.HeartbeatInterval":      kgo.HeartbeatInterval(time.Second),
		"kgo.InstanceID":             kgo.InstanceID("static"),
		"kgo.FetchIsolationLevel":    kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		"kgo.TransactionalID":        kgo.TransactionalID("mine"),
		"kgo.TransactionTimeout":     kgo.TransactionTimeout(time.Minute),
		"kgo.Balancers":              kgo.Balancers(kgo.RangeBalancer()),
		"kgo.DisableIdempotentWrite": kgo.DisableIdempotentWrite(),
		"kgo.RequiredAcks":           kgo.RequiredAcks(kgo.LeaderAck()),
		"kgo.RecordPartitioner":      kgo.RecordPartitioner(kgo.RoundRobinPartitioner()),
		"kgo.BlockRebalanceOnPoll":   kgo.BlockRebalanceOnPoll(),
		"kgo.OnPartitionsAssigned":   kgo.OnPartitionsAssigned(func(context.Context, *kgo.Client, map[string][]int32) {}),
	} {
		t.Run(name, func(t *testing.T) {
			opts := []kgo.Opt{opt}
			switch name { // what the client refuses by itself must not hide it
			case "kgo.DisableIdempotentWrite":
				opts = append(opts, kgo.RequiredAcks(kgo.LeaderAck()))
			case "kgo.RequiredAcks":
				opts = append(opts, kgo.DisableIdempotentWrite())
			case "kgo.SessionTimeout", "kgo.RebalanceTimeout", "kgo.HeartbeatInterval", "kgo.InstanceID", "kgo.Balancers", "kgo.BlockRebalanceOnPoll", "kgo.OnPartitionsAssigned":
				opts = append(opts, kgo.ConsumerGroup("mine"))
			}
			err := refused(t, forward("in", "out"), millrace.Config{AppID: "app", Brokers: []string{"127.0.0.1:1"}, Client: opts})
			says(t, err, "Client sets "+name+", which Millrace sets itself")
		})
	}
}

func TestClientOptionsThatAreFine(t *testing.T) {
	cfg := millrace.Config{AppID: "app", Brokers: []string{"127.0.0.1:1"}, Client: []kgo.Opt{
		kgo.ClientID("me"), kgo.ProducerBatchCompression(kgo.ZstdCompression()), kgo.DialTimeout(time.Second),
		kgo.Rack("a"), kgo.FetchMaxBytes(1 << 20), kgo.ProducerLinger(0), kgo.AllowAutoTopicCreation(),
	}}
	if _, err := millrace.New(forward("in", "out"), cfg); err != nil {
		t.Fatal(err)
	}
}

// The same metrics twice: a second App of one id in one registry is refused.
func TestRegistererRefusesTheSameAppTwice(t *testing.T) {
	cfg := millrace.Config{AppID: "app", Brokers: []string{"127.0.0.1:1"}, Registerer: prometheus.NewRegistry()}
	if _, err := millrace.New(forward("in", "out"), cfg); err != nil {
		t.Fatal(err)
	}
	says(t, refused(t, forward("in", "out"), cfg), "Registerer")
}
