package demo

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/millrace-io/millrace/embedded"
)

func TestASecureBrokerKnowsItsClients(t *testing.T) {
	var bc embedded.Config
	client, err := secure(&bc)
	if err != nil {
		t.Fatal(err)
	}
	broker, err := embedded.Start(bc)
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	ping := func(opts ...kgo.Opt) error {
		cl, err := kgo.NewClient(append(opts, kgo.SeedBrokers(broker.Addrs()...), kgo.RequestRetries(0))...)
		if err != nil {
			t.Fatal(err)
		}
		defer cl.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		return cl.Ping(ctx)
	}
	if err := ping(client...); err != nil {
		t.Errorf("with what its clients get: %v", err)
	}
	tls := client[0]
	for who, opts := range map[string][]kgo.Opt{
		"nobody": nil, "without a password": {tls}, "without TLS": client[1:],
		"with another password": {tls, kgo.SASL(scram.Auth{User: "demo", Pass: "guessed"}.AsSha512Mechanism())},
	} {
		if ping(opts...) == nil {
			t.Errorf("%s: the broker answers", who)
		}
	}
}
