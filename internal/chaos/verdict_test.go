package chaos

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

// verdict is what became of the words.
type verdict struct {
	words   int
	lost    int // counts that never showed: gaps in 1..n
	doubled int // counts that showed more than once, or are above n
	falls   int // counts that came after a higher one
	short   int // words whose highest count is below n
	wrong   int // words whose last changelog value is not n
	first   string
}

// tally counts the words of the input topic: what the broker has acknowledged,
// and what it has stored although the acknowledgement was lost.
func tally(t *testing.T, b *kafkatest.Broker, topic string) (want map[string]int64, lines int) {
	t.Helper()
	want = make(map[string]int64)
	records := b.ReadCommitted(t, topic)
	for _, r := range records {
		for _, word := range strings.Fields(string(r.Value)) {
			want[word]++
		}
	}
	return want, len(records)
}

// judge compares the committed output and the changelog with the input.
func judge(t *testing.T, b *kafkatest.Broker, want map[string]int64, out, changelog string) verdict {
	t.Helper()
	var v verdict
	seen := make(map[string][]int64) // by word: its counts in order
	for _, r := range b.ReadCommitted(t, out) {
		n, err := strconv.ParseInt(string(r.Value), 10, 64)
		if err != nil {
			t.Fatalf("%s[%d]@%d: a count is no number: %v", r.Topic, r.Partition, r.Offset, err)
		}
		seen[string(r.Key)] = append(seen[string(r.Key)], n)
	}
	stored := make(map[string]int64)
	for _, r := range b.ReadCommitted(t, changelog) {
		if len(r.Value) != 8 {
			t.Fatalf("%s[%d]@%d: a stored count has %d bytes instead of 8", r.Topic, r.Partition, r.Offset, len(r.Value))
		}
		stored[string(r.Key)] = int64(binary.BigEndian.Uint64(r.Value))
	}
	for _, word := range slices.Sorted(maps.Keys(want)) {
		v.word(word, want[word], seen[word], stored[word])
	}
	for word, counts := range seen {
		if want[word] == 0 {
			v.doubled += len(counts)
			v.note("word %s was never written, but counted", word)
		}
	}
	return v
}

// word judges one word that was written n times.
func (v *verdict) word(word string, n int64, counts []int64, stored int64) {
	v.words += int(n)
	have := make(map[int64]bool, len(counts))
	highest := int64(0)
	for i, c := range counts {
		if c < highest {
			v.falls++
			v.note("word %s: count %d after %d, record %d of the word", word, c, highest, i)
		}
		if have[c] || c > n {
			v.doubled++
			v.note("word %s: count %d of %d once more, record %d of the word", word, c, n, i)
		}
		have[c] = true
		highest = max(highest, c)
	}
	for c := int64(1); c <= n; c++ {
		if !have[c] {
			v.lost++
			v.note("word %s: count %d of %d never showed", word, c, n)
		}
	}
	if highest < n {
		v.short++
	}
	if stored != n {
		v.wrong++
		v.note("word %s: the changelog ends with %d of %d", word, stored, n)
	}
}

// note keeps the first finding, as a place to start looking.
func (v *verdict) note(format string, args ...any) {
	if v.first == "" {
		v.first = fmt.Sprintf(format, args...)
	}
}

// exactlyOnce reports whether every word's counts were 1, 2, ... n.
func (v *verdict) exactlyOnce() bool {
	return v.lost == 0 && v.doubled == 0 && v.falls == 0 && v.wrong == 0
}
