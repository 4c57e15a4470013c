package metrics_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/millrace-io/millrace/metrics"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/status"
)

// The package imports neither processor nor status, so this is what holds
// their words together.

func TestEveryClassAndActionIsCounted(t *testing.T) {
	r, reg := metrics.New(metrics.Info{App: "a"}), prometheus.NewPedanticRegistry()
	if err := r.Register(reg); err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	want.WriteString("# HELP millrace_errors_total Errors by where they came up and what was done; continue means skipped, taken as null or replaced.\n# TYPE millrace_errors_total counter\n")
	for class := processor.Decode; class <= processor.Restore; class++ {
		for action := processor.Fail; action <= processor.Replace; action++ {
			r.Error(class.String(), action.String())
		}
		for _, action := range []string{"continue 3", "dlq 1", "fail 1", "retry 1"} {
			name, n, _ := strings.Cut(action, " ")
			fmt.Fprintf(&want, "millrace_errors_total{action=%q,app=\"a\",stage=%q} %s\n", name, class.String(), n)
		}
	}
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want.String()), "millrace_errors_total"); err != nil {
		t.Error(err)
	}
}

func TestEveryStateOfAnInstanceIsASeries(t *testing.T) {
	states := []status.State{
		status.Created, status.Starting, status.Rebalancing, status.Restoring,
		status.Running, status.Stopping, status.Stopped, status.Failed,
	}
	for _, now := range states {
		r, reg := metrics.New(metrics.Info{App: "a"}), prometheus.NewPedanticRegistry()
		if err := r.Register(reg); err != nil {
			t.Fatal(err)
		}
		r.OnScrape(func(l *metrics.Live) { l.State = string(now) })
		var want strings.Builder
		want.WriteString("# HELP millrace_app_state 1 for the state the instance is in, 0 for all others.\n# TYPE millrace_app_state gauge\n")
		for _, s := range states {
			on := 0
			if s == now {
				on = 1
			}
			fmt.Fprintf(&want, "millrace_app_state{app=\"a\",state=%q} %d\n", s, on)
		}
		if err := testutil.GatherAndCompare(reg, strings.NewReader(want.String()), "millrace_app_state"); err != nil {
			t.Error(err)
		}
	}
}
