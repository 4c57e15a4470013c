package runtime

import (
	"bytes"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/topology"
)

// TestOneRowForManyAnswers changes a row that 500 others name: five times as
// many bytes of answers as a client is given before they have to be acknowledged.
// So the greater part of the transaction is sent, and forgotten, before it ends,
// and the first time it is aborted then.
func TestOneRowForManyAnswers(t *testing.T) {
	const n, parcel = 500, 1 << 20
	const size = 10 * parcel / 1024
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newRig(t, b, 2)
		right := b.NewTopic(t, 2)
		config := func() Config {
			tables := topology.New()
			joined := joins.ForeignKey(topology.Table[string, string](tables, r.in, "left"), topology.Table[string, string](tables, right, "right"), "joined",
				func(_, row string) (string, bool) { return row, true },
				func(key, _, row string) string { return key + row })
			topology.To(joined.ToStream(), r.out)
			cfg := r.over(r.config(), tables)
			cfg.ParcelBytes = parcel
			return cfg
		}
		rows := []string{strings.Repeat("first", size/5), strings.Repeat("again", size/5)}
		change := func(row string) { b.Produce(t, &kgo.Record{Topic: right, Key: []byte("x"), Value: []byte(row)}) }
		var all []*kgo.Record
		for i := range n {
			all = append(all, &kgo.Record{Topic: r.in, Key: fmt.Append(nil, i), Value: []byte("x")})
		}
		b.Produce(t, all...)
		change(rows[0])
		r.catchUp(config())

		change(rows[1])
		cfg := config()
		var flushed atomic.Int32
		cfg.Fault = func(p Point, _ uint64) error {
			if p == PointFlushed && flushed.Add(1) == 1 {
				return errInjected
			}
			return nil
		}
		r.catchUp(cfg)
		answers := 0
		for _, end := range b.EndOffsets(t, r.app+"-joined-subscription-response-topic") {
			answers += int(end)
		}
		if answers < 3*n {
			t.Errorf("%d answers were sent, want %d for the first row, for the second in vain, and again", answers, 3*n)
		}

		results := map[string]int{}
		for _, rec := range b.ReadCommitted(t, r.out) {
			row, ok := bytes.CutPrefix(rec.Value, rec.Key)
			i := results[string(rec.Key)]
			if !ok || i >= len(rows) || string(row) != rows[i] {
				t.Fatalf("key %s: result %d, of %d bytes, is not the row", rec.Key, i, len(rec.Value))
			}
			results[string(rec.Key)]++
		}
		for i := range n {
			if got := results[fmt.Sprint(i)]; got != len(rows) {
				t.Errorf("key %d has %d results", i, got)
			}
		}
	})
}
