package changelog

import (
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// The changelog has what Kafka Streams writes: the key with its window and four
// bytes, the plain value, the time of the row. Of it, what lives comes back.
func TestWindowsAreRestoredWhileTheyLive(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		const lifetime = 50 * time.Millisecond
		open := func(s state.Store) *store.Window[string, string] {
			return store.NewWindow(s, serde.String, serde.String, store.Options{Name: "counts", End: func(start int64) int64 { return start + 10 }, Retention: lifetime})
		}
		l := newLog(t, b, 1, nil)
		view, w := open(newStore(t)), Writer{Topic: l.topic, Format: state.Windows}
		for i, start := range []int64{0, 10, 60, 20, 70} {
			if _, err := view.PutWithTime("k", fmt.Sprint(start), start, start+3); err != nil {
				t.Fatal(err)
			}
			var batch state.Batch
			if err := view.Freeze(uint64(i), &batch); err != nil {
				t.Fatal(err)
			}
			records, err := appendAll(&w, nil, &batch)
			if err != nil {
				t.Fatal(err)
			}
			pointers := make([]*kgo.Record, len(records))
			for i := range records {
				pointers[i] = &records[i]
			}
			l.transact(kgo.TryCommit, pointers...)
		}
		first := b.ReadCommitted(t, l.topic)[1]
		if got := fmt.Sprintf("%s=%s@%d", hex.EncodeToString(first.Key), first.Value, first.Timestamp.UnixMilli()); got != "6b000000000000000a00000000=10@13" {
			t.Errorf("record %s", got)
		}
		for _, chunk := range []int{1, 1000} {
			s := newStore(t)
			q := l.request(s)
			q.Format, q.Retention = state.Windows, lifetime
			res, err := l.restorer(Options{ChunkBytes: int32(chunk)}).Restore(deadline(t), q)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for w, v := range open(s).All() {
				got = append(got, fmt.Sprintf("%v=%s", w, v))
			}
			if diff := cmp.Diff([]string{"k@[60,70)=60", "k@[70,80)=70"}, got); diff != "" {
				t.Error(diff)
			}
			if n := len(contents(t, s)); n != 3 || res.Records != 5 { // and the stream time
				t.Errorf("%d rows of %d records", n, res.Records)
			}
		}
	})
}
