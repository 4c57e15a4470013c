package streamstest_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/internal/corpus"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/state/lsm"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// traced is one line of a trace: a record, and what came of it.
type traced struct {
	Topic string
	Key   *string
	Value *string
	TS    int64
	Out   [][3]any // key, value, timestamp
}

// TestParity compares with golden traces of Kafka Streams' TopologyTestDriver,
// in testdata/parity or the folder that PARITY_DIR names.
func TestParity(t *testing.T) {
	dir := os.Getenv("PARITY_DIR")
	if dir == "" {
		dir = filepath.Join("testdata", "parity")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no traces in %s: %v", dir, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			name, _, _ := strings.Cut(filepath.Base(file), ".")
			build := corpus.Topologies[name]
			if build == nil {
				t.Fatalf("no topology %s", name)
			}
			trace := readTrace(t, file)
			t.Run("memory", func(t *testing.T) { replay(t, name, build(), trace, streamstest.Config{}) })
			t.Run("disk", func(t *testing.T) {
				dir := t.TempDir()
				replay(t, name, build(), trace, streamstest.Config{State: func(int) state.Backend { return lsm.Dir(dir) }})
			})
		})
	}
}

func readTrace(t *testing.T, file string) (trace []traced) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := json.NewDecoder(bytes.NewReader(text))
	for lines.More() {
		var l traced
		if err := lines.Decode(&l); err != nil {
			t.Fatalf("%s: line %d: %v", file, len(trace)+1, err)
		}
		trace = append(trace, l)
	}
	return trace
}

// replay pipes the records of a trace and compares what each one gives.
func replay(t *testing.T, name string, b *topology.Builder, trace []traced, cfg streamstest.Config) {
	d := streamstest.New(t, b, cfg)
	text := topology.Serdes(serde.String, serde.String) // all serdes of these topologies write text
	out := streamstest.Out[string, string](d, "out", text)
	forgotten, early := lost(name), held(name)
	for i, l := range trace {
		r := processor.Record[string, string]{Time: l.TS}
		if l.Key != nil {
			r.Key, r.HasKey = *l.Key, true
		}
		if l.Value != nil {
			r.Value, r.HasValue = *l.Value, true
		}
		streamstest.In[string, string](d, l.Topic, text).Send(r)
		var got [][3]any
		for _, r := range out.Rest() {
			row := [3]any{nil, nil, float64(r.Time)}
			if r.HasKey {
				row[0] = r.Key
			}
			if r.HasValue {
				row[1] = r.Value
			}
			got = append(got, row)
		}
		got = early(l.Out, forgotten(r.Time, r.HasKey, got))
		if diff := cmp.Diff(l.Out, got, equateEmpty); diff != "" {
			t.Fatalf("record %d, %+v: -Kafka Streams +Millrace:\n%s", i+1, r, diff)
		}
	}
}

var equateEmpty = cmp.Transformer("empty", func(rows [][3]any) [][3]any { return append([][3]any{}, rows...) })
