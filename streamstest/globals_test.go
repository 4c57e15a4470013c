package streamstest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// wary is a serde of strings that does not decode "bad".
type wary struct{ serde.Serde[string] }

func (s wary) Decode(b []byte) (string, error) {
	if string(b) == "bad" {
		return "", errors.New("it is bad")
	}
	return s.Serde.Decode(b)
}

// Each partition waits for its own bad record, and tries that as often as the
// policy says, whatever happens in the others.
func TestPartitionsOfAGlobalTableWaitForTheirOwnRecords(t *testing.T) {
	b := topology.New()
	policy := processor.Policy{Retries: 2, Backoff: time.Second, Then: processor.Skip}
	names := topology.GlobalTable[string, string](b, "names", "names-table",
		topology.ValueSerde(wary{serde.String}), topology.OnDecodeError(policy))
	topology.Process(topology.Stream[string, string](b, "in"), func(ctx processor.Context) *lookup {
		return &lookup{names.Open(ctx)}
	}, topology.With(names))
	attempts := map[int32]int{}
	d := streamstest.New(t, b, streamstest.Config{
		Partitions: map[string]int{"names": 2},
		OnError:    func(e *processor.Error, _ processor.Action) { attempts[e.Partition]++ },
	})
	in := streamstest.In[string, string](d, "names")
	table := streamstest.Store[string, string](d, "names-table")
	in.To(0).PipeAt("a", "bad", 1)
	in.To(0).PipeAt("b", "good", 2)
	d.Advance(500 * time.Millisecond)
	in.To(1).PipeAt("c", "bad", 3)
	in.To(1).PipeAt("d", "good", 4)
	for _, step := range []struct {
		advance     time.Duration
		first, then int // attempts by partition
		rows        int
	}{
		{0, 1, 1, 0},
		{500 * time.Millisecond, 2, 1, 0},
		{500 * time.Millisecond, 2, 2, 0},
		{1500 * time.Millisecond, 3, 2, 1},
		{500 * time.Millisecond, 3, 3, 2},
		{time.Hour, 3, 3, 2},
	} {
		if step.advance > 0 {
			d.Advance(step.advance)
		}
		if attempts[0] != step.first || attempts[1] != step.then || table.Len() != step.rows {
			t.Errorf("attempts %v, %d rows; want %+v", attempts, table.Len(), step)
		}
	}
	if n := d.Dropped("names-table", "skipped"); n != 2 {
		t.Errorf("%d skipped", n)
	}
}
