package runtime

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/graph"
)

// What runs without a broker finds partitions with graph.Partition: it must
// agree with the client.
func TestClientAndGraphAgreeOnPartitions(t *testing.T) {
	p := newPartitioner().ForTopic("t")
	key := []byte("a key that ends at each length in turn \x00\xff\x80\x7f")
	for n := range key {
		for _, partitions := range []int{1, 2, 3, 16, 1000} {
			want := p.Partition(&kgo.Record{Key: key[:n:n], Partition: -1}, partitions)
			if got := graph.Partition(key[:n], partitions); int(got) != want {
				t.Errorf("key of %d bytes over %d partitions: %d, the client says %d", n, partitions, got, want)
			}
		}
	}
}
