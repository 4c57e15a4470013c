package changelog

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/state"
)

func TestMain(m *testing.M) { os.Exit(kafkatest.Main(m)) }

const timeout = 30 * time.Second

func deadline(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	t.Cleanup(cancel)
	return ctx
}

// log is a changelog topic and the means to fill and restore it.
type log struct {
	*kafkatest.Broker
	t     testing.TB
	topic string
	info  Info
}

// newLog makes a changelog topic as the runtime does.
func newLog(t testing.TB, b *kafkatest.Broker, partitions int32, configs map[string]string) *log {
	t.Helper()
	l := &log{Broker: b, t: t, topic: kafkatest.NewName(t) + "-changelog"}
	infos, err := Ensure(deadline(t), b.Client(t), []Topic{{Name: l.topic, Kind: Changelog, Partitions: partitions, Configs: configs}})
	if err != nil {
		t.Fatal(err)
	}
	l.info = infos[l.topic]
	return l
}

// put is a record; an empty value is a tombstone.
func (l *log) put(key, value string, ms int64) *kgo.Record {
	r := &kgo.Record{Topic: l.topic, Key: []byte(key), Timestamp: time.UnixMilli(ms)}
	if value != "" {
		r.Value = []byte(value)
	}
	return r
}

// producer is a client that writes where records say, in batches of at most
// 10 kB, so that a log of some size has many.
func (l *log) producer(opts ...kgo.Opt) *kgo.Client {
	return l.Client(l.t, append([]kgo.Opt{kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.ProducerBatchMaxBytes(10_000)}, opts...)...)
}

// writer is a producer with a transactional id of its own.
func (l *log) writer() *kgo.Client { return l.producer(kgo.TransactionalID(kafkatest.NewName(l.t))) }

func (l *log) write(cl *kgo.Client, records ...*kgo.Record) {
	l.t.Helper()
	if err := cl.ProduceSync(deadline(l.t), records...).FirstErr(); err != nil {
		l.t.Fatal(err)
	}
}

func (l *log) begin(cl *kgo.Client) {
	l.t.Helper()
	if err := cl.BeginTransaction(); err != nil {
		l.t.Fatal(err)
	}
}

// end ends the transaction of a producer and waits for its markers: a real
// broker answers before it has written them.
func (l *log) end(cl *kgo.Client, how kgo.TransactionEndTry) {
	l.t.Helper()
	id, _, err := cl.ProducerID(deadline(l.t))
	if err == nil {
		err = cl.EndTransaction(deadline(l.t), how)
	}
	if err != nil {
		l.t.Fatal(err)
	}
	f := newFetcher(cl)
	defer f.close()
	for n := range l.info.Partitions {
		r := newReader(f, partition{topic: l.topic, num: n})
		kafkatest.WaitFor(l.t, "the markers of a transaction", func() bool {
			open, err := r.openTransactions(deadline(l.t))
			return err == nil && !slices.ContainsFunc(open, func(o OpenTransaction) bool { return o.ProducerID == id })
		})
	}
}

// transact writes records in one transaction of a new producer.
func (l *log) transact(how kgo.TransactionEndTry, records ...*kgo.Record) {
	l.t.Helper()
	cl := l.writer()
	l.begin(cl)
	l.write(cl, records...)
	l.end(cl, how)
	cl.Close()
}

// highWatermark is the end of partition 0.
func (l *log) highWatermark() int64 { return l.EndOffsets(l.t, l.topic)[0] }

func (l *log) restorer(o Options) *Restorer {
	r := NewRestorer(l.Client(l.t), o)
	l.t.Cleanup(r.Close)
	return r
}

func (l *log) request(s state.Store) Request {
	return Request{
		Store: s, ID: state.ID{Name: "counts"}, Topic: l.topic, TopicID: l.info.ID,
		Format: state.Plain, DeleteRetention: l.info.DeleteRetention,
	}
}

func (l *log) restore(s state.Store) Result {
	l.t.Helper()
	res, err := l.restorer(Options{}).Restore(deadline(l.t), l.request(s))
	if err != nil {
		l.t.Fatal(err)
	}
	return res
}

func newStore(t testing.TB) state.Store {
	t.Helper()
	db, err := state.Memory().Open(context.Background(), state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s, err := db.Store(state.ID{Name: "counts"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// contents are the rows of a Plain store.
func contents(t testing.TB, s state.Store) map[string]string {
	t.Helper()
	c := s.Scan(nil, nil, false)
	defer c.Close()
	rows := map[string]string{}
	for c.Next() {
		rows[string(c.Key())] = string(c.Value())
	}
	if c.Err() != nil {
		t.Fatal(c.Err())
	}
	return rows
}

// timed are the rows of a Timestamped store, as "value@time".
func timed(t testing.TB, s state.Store) map[string]string {
	t.Helper()
	rows := contents(t, s)
	for k, v := range rows {
		if len(v) < 8 {
			t.Fatalf("row %s has %d bytes", k, len(v))
		}
		rows[k] = fmt.Sprintf("%s@%d", v[8:], binary.BigEndian.Uint64([]byte(v[:8])))
	}
	return rows
}
