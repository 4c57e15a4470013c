package runtime

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state/lsm"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// A row that is held back and let pass in one transaction leaves nothing in the
// changelog, but something in its store to be deleted. The store is where it was
// in its changelog all the same, and not at the beginning.
func TestPositionStaysWhereItWasIfNothingIsLogged(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newRig(t, b, 1)
		dir := lsm.Dir(t.TempDir())
		run := func(key string, at int64) (restored int64) {
			r.b.Produce(t, &kgo.Record{Topic: r.in, Key: []byte(key), Value: []byte("v"), Timestamp: time.UnixMilli(at)})
			g := topology.New()
			counts := topology.Count(topology.GroupByKey(topology.Stream[string, string](g, r.in)), "counts")
			topology.To(windowing.Suppress(counts, "held", windowing.UntilLimit(time.Hour)).ToStream(), r.out, topology.Serdes(serde.String, serde.DecimalInt64))
			cfg := r.config()
			var err error
			if cfg.Graph, err = g.Build(); err != nil {
				t.Fatal(err)
			}
			cfg.State = dir
			cfg.Observer.OnRestore = func(i processor.RestoreInfo) {
				if i.Store == "held" {
					restored = i.Records
				}
			}
			r.catchUp(cfg)
			return restored
		}
		const now = 1_700_000_000_000
		run("a", now)
		run("b", now-2*time.Hour.Milliseconds())
		if n := run("c", now+1); n != 0 {
			t.Errorf("%d records were restored, want none", n)
		}
		// The end of each run lets pass what waits.
		var passed []string
		for _, rec := range r.b.ReadCommitted(t, r.out) {
			passed = append(passed, string(rec.Key)+string(rec.Value))
		}
		slices.Sort(passed)
		if got := strings.Join(passed, " "); got != "a1 b1 c1" {
			t.Errorf("passed %s", got)
		}
	})
}
