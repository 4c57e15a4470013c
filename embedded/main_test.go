package embedded_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/embedded"
	"github.com/millrace-io/millrace/internal/kafkatest"
)

func TestMain(m *testing.M) { os.Exit(kafkatest.Main(m)) }

// serve starts a broker that ends with the test.
func serve(t *testing.T, cfg embedded.Config) (*embedded.Broker, *kafkatest.Broker) {
	t.Helper()
	b, err := embedded.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b, &kafkatest.Broker{Addrs: b.Addrs()}
}

// crash returns a copy of a broker's folder as SIGKILL would leave it now: what
// was written is there, what the broker knows is gone.
func crash(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "crashed")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// producer is a transactional client that is thrown away without abort.
type producer struct {
	t  *testing.T
	cl *kgo.Client
}

func newProducer(t *testing.T, b *kafkatest.Broker, id string) producer {
	t.Helper()
	return producer{t, b.Client(t, kgo.TransactionalID(id), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.TransactionTimeout(time.Minute))}
}

func (p producer) begin(records ...*kgo.Record) {
	p.t.Helper()
	if err := p.cl.BeginTransaction(); err != nil {
		p.t.Fatal(err)
	}
	if err := p.cl.ProduceSync(p.t.Context(), records...).FirstErr(); err != nil {
		p.t.Fatal(err)
	}
}

func (p producer) end(commit kgo.TransactionEndTry) {
	p.t.Helper()
	if err := p.cl.EndTransaction(p.t.Context(), commit); err != nil {
		p.t.Fatal(err)
	}
}

// offset sends an offset into the open transaction.
func (p producer) offset(group, topic string, partition int32, at int64) {
	p.t.Helper()
	if err := kafkatest.SendOffset(p.t.Context(), p.cl, group, topic, partition, at); err != nil {
		p.t.Fatal(err)
	}
}

func record(topic string, partition int32, value string) *kgo.Record {
	return &kgo.Record{Topic: topic, Partition: partition, Value: []byte(value)}
}

func keyed(topic, key, value string) *kgo.Record {
	return &kgo.Record{Topic: topic, Key: []byte(key), Value: []byte(value)}
}

func values(records []*kgo.Record) []string {
	var vs []string
	for _, r := range records {
		vs = append(vs, fmt.Sprintf("%d:%s", r.Partition, r.Value))
	}
	return vs
}
