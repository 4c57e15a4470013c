package kafkatest

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Virtual starts an in-process broker whose connections are pipes: for tests
// in a bubble of testing/synctest, whose clock goes on when all goroutines
// wait. The network would be no waiting that the bubble knows. It ends with t,
// which must be the test of the bubble.
func Virtual(t *testing.T, opts ...kfake.Opt) *Broker {
	t.Helper()
	var network kfake.VirtualNetwork
	b := Fake(t, append([]kfake.Opt{kfake.ListenFn(network.Listen), kfake.Ports(9092)}, opts...)...)
	b.client = []kgo.Opt{kgo.Dialer(network.DialContext)}
	return b
}
