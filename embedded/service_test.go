package embedded_test

import (
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/embedded"
	"github.com/millrace-io/millrace/internal/kafkatest"
)

// A disk that takes no more: nothing unwritten is acknowledged, and everybody
// learns of it.
func TestFailedWriteEndsService(t *testing.T) {
	dir := t.TempDir()
	e, b := serve(t, embedded.Config{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	b.CreateTopic(t, "in", 2)
	b.Produce(t, record("in", 0, "a"))
	// A file in the place of the log's folder fails its first write.
	obstacle := filepath.Join(dir, "partitions", "in-1")
	if err := os.WriteFile(obstacle, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	// An idempotent producer would go on for ever: it may not give up a batch
	// that was possibly written.
	cl := b.Client(t, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.DisableIdempotentWrite(), kgo.RecordRetries(0))
	if err := cl.ProduceSync(t.Context(), record("in", 1, "b")).FirstErr(); err == nil {
		t.Error("a record that was not written is acknowledged")
	}
	<-e.Done()
	if e.Err() == nil || !strings.Contains(e.Err().Error(), "write failed") {
		t.Errorf("Err says %v", e.Err())
	}
	if err := e.Close(); err == nil {
		t.Error("Close hides the failure")
	}
	if err := os.Remove(obstacle); err != nil {
		t.Fatal(err)
	}
	_, b = serve(t, embedded.Config{Dir: dir})
	b.Produce(t, record("in", 1, "c"))
	if diff := cmp.Diff([]string{"0:a", "1:c"}, values(b.ReadCommitted(t, "in"))); diff != "" {
		t.Error(diff)
	}
}

func TestUsersAndTLS(t *testing.T) {
	server, sec := kafkatest.ServerTLS(t)
	dir := t.TempDir()
	for _, password := range []string{"first-secret", "second-secret"} {
		cfg := embedded.Config{Dir: dir, TLS: server}
		for _, m := range kafkatest.Mechanisms {
			cfg.Users = append(cfg.Users, embedded.User{Mechanism: m, Name: kafkatest.User, Password: password})
		}
		e, b := serve(t, cfg)
		for _, m := range kafkatest.Mechanisms {
			ping := func(password string) error {
				cl, err := kgo.NewClient(append(sec.OptionsFor(m, password), kgo.SeedBrokers(b.Addrs...), kgo.RequestRetries(0))...)
				if err != nil {
					t.Fatal(err)
				}
				defer cl.Close()
				return cl.Ping(t.Context())
			}
			if err := ping(password); err != nil {
				t.Errorf("%s: %v", m, err)
			}
			if err := ping("wrong"); err == nil {
				t.Errorf("%s: a wrong password was accepted", m)
			}
		}
		if err := e.Compact(); err != nil {
			t.Errorf("our own client cannot log in: %v", err)
		}
		e.Close()
	}
}

func TestListenAndAdvertise(t *testing.T) {
	var asked string
	e, err := embedded.Start(embedded.Config{
		Addr:      ":0",
		Advertise: "localhost",
		Listen: func(network, address string) (net.Listener, error) {
			asked = address
			return net.Listen(network, "127.0.0.1:0")
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if asked != ":0" {
		t.Errorf("asked to listen on %q", asked)
	}
	b := &kafkatest.Broker{Addrs: e.Addrs()}
	meta, err := b.Admin(t).BrokerMetadata(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if host := meta.Brokers[0].Host; host != "localhost" || !strings.HasPrefix(e.Addrs()[0], "localhost:") {
		t.Errorf("clients are told %s and %s", host, e.Addrs()[0])
	}
}

func TestConfigNamesAllItsProblems(t *testing.T) {
	_, err := embedded.Start(embedded.Config{
		Addr: ":9092", Sync: true, Partitions: -1,
		Users: []embedded.User{{Mechanism: "GSSAPI", Name: "u", Password: "secret-5512"}},
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"Advertise", "Sync", "Partitions", "GSSAPI"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not name %s", err, want)
		}
	}
	if strings.Contains(err.Error(), "secret-5512") {
		t.Error("the error shows a password")
	}
}

func TestTopicsAreCreatedOnDemandOnlyIfAllowed(t *testing.T) {
	for _, allowed := range []bool{false, true} {
		_, b := serve(t, embedded.Config{AutoCreateTopics: allowed, Partitions: 3})
		cl := b.Client(t, kgo.AllowAutoTopicCreation(), kgo.UnknownTopicRetries(1))
		err := cl.ProduceSync(t.Context(), record("new", 0, "a")).FirstErr()
		if (err == nil) != allowed {
			t.Errorf("allowed %t: %v", allowed, err)
		}
		if allowed && len(b.EndOffsets(t, "new")) != 3 {
			t.Errorf("%d partitions, want 3", len(b.EndOffsets(t, "new")))
		}
	}
}

func TestCloseIsIdempotentAndFreesTheAddress(t *testing.T) {
	e, err := embedded.Start(embedded.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
	<-e.Done()
	if err := e.Compact(); err == nil {
		t.Error("a closed broker compacts")
	}
	e, err = embedded.Start(embedded.Config{Addr: e.Addrs()[0]})
	if err != nil {
		t.Fatal(err)
	}
	e.Close()
}
