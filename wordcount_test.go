package millrace_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// wordCount is the topology of the README.
func wordCount(in, out string) *topology.Builder {
	b := topology.New()
	lines := topology.Stream[string, string](b, in)
	words := topology.FlatMapValues(lines, strings.Fields)
	counts := topology.Count(topology.GroupBy(words, func(_, word string) string { return word }), "counts")
	topology.To(counts.ToStream(), out, topology.Serdes(serde.String, serde.DecimalInt64))
	return b
}

// feed writes n lines of random words and returns how often each word occurs.
func feed(t *testing.T, b *kafkatest.Broker, topic string, n int) map[string]int64 {
	t.Helper()
	rnd := rand.New(rand.NewPCG(1, 2))
	want := make(map[string]int64)
	records := make([]*kgo.Record, n)
	for i := range records {
		words := make([]string, 1+rnd.IntN(5))
		for j := range words {
			words[j] = fmt.Sprintf("w%d", rnd.IntN(50))
			want[words[j]]++
		}
		records[i] = kgo.KeySliceRecord([]byte(strconv.Itoa(i)), []byte(strings.Join(words, " ")))
		records[i].Topic = topic
	}
	b.Produce(t, records...)
	return want
}

// checkCounts fails unless the committed output of every word is 1, 2, ... n.
func checkCounts(t *testing.T, b *kafkatest.Broker, topic string, want map[string]int64) {
	t.Helper()
	got := make(map[string]int64)
	for _, r := range b.ReadCommitted(t, topic) {
		n, err := strconv.ParseInt(string(r.Value), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if n != got[string(r.Key)]+1 {
			t.Fatalf("%s[%d]@%d: word %s has count %d after %d", r.Topic, r.Partition, r.Offset, r.Key, n, got[string(r.Key)])
		}
		got[string(r.Key)] = n
	}
	for word, n := range want {
		if got[word] != n {
			t.Errorf("word %s: counted %d of %d", word, got[word], n)
		}
	}
}

func TestWordCountUntilCaughtUp(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 4), b.NewTopic(t, 3)
		want := feed(t, b, in, 5000)
		app := catchUp(t, wordCount(in, out), config(t, b, kafkatest.NewName(t)))
		checkCounts(t, b, out, want)
		t.Logf("%+v", app.Totals())
	})
}
