package kafkatest

import (
	"context"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/fakefetch"
)

// Broker is a running broker, fake or real, as a test sees it.
type Broker struct {
	// Addrs are the host:port pairs to bootstrap from.
	Addrs []string

	// Fake is the cluster behind a fake broker, for fault injection. Nil for a
	// real one.
	Fake *kfake.Cluster

	// Security is what clients need to connect. Nil for a plain broker.
	Security *Security

	server server    // the broker's process; nil for a fake one
	client []kgo.Opt // what else clients need
}

// server is a broker in a process of its own.
type server interface {
	start(context.Context) error // returns once it serves
	process() *process
	log() string // path of its log file
	broker() *Broker
}

// Options returns what a kgo client needs to reach the broker: addresses and,
// for a secured broker, TLS and SASL.
func (b *Broker) Options() []kgo.Opt {
	opts := []kgo.Opt{kgo.SeedBrokers(b.Addrs...), kgo.DisableClientMetrics()}
	if b.Security != nil {
		opts = append(opts, b.Security.Options()...)
	}
	return append(opts, b.client...)
}

// Client returns a client that is closed at the end of t. Options given here
// come after those of the broker.
func (b *Broker) Client(t testing.TB, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(slices.Concat(b.Options(), opts)...)
	if err != nil {
		t.Fatalf("kafkatest: client: %v", err)
	}
	t.Cleanup(cl.Close)
	return cl
}

// Admin returns an admin client that is closed at the end of t.
func (b *Broker) Admin(t testing.TB) *kadm.Client {
	t.Helper()
	return kadm.NewClient(b.Client(t))
}

// Fake starts an in-process broker that ends with t. It has one node, as the
// real one has, unless opts say otherwise. Clients must be closed before the
// broker: register them after this call, as Client does.
func Fake(t testing.TB, opts ...kfake.Opt) *Broker {
	t.Helper()
	others(t)
	cluster, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, opts...)...)
	if err != nil {
		t.Fatalf("kafkatest: start kfake: %v", err)
	}
	t.Cleanup(cluster.Close)
	fakefetch.Mend(cluster)
	return &Broker{Addrs: cluster.ListenAddrs(), Fake: cluster}
}
