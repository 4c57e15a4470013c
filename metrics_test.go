package millrace_test

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/processor"
)

// sample adds up the series of a metric that have all of the given labels, in
// pairs of name and value.
func sample(t *testing.T, g prometheus.Gatherer, name string, labels ...string) (sum float64) {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.Metric {
			if has(m, labels) {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return sum
}

func has(m *dto.Metric, labels []string) bool {
	for i := 0; i < len(labels); i += 2 {
		found := false
		for _, l := range m.Label {
			found = found || l.GetName() == labels[i] && l.GetValue() == labels[i+1]
		}
		if !found {
			return false
		}
	}
	return true
}

func TestMetricsAgreeWithWhatHappened(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 2), b.NewTopic(t, 1)
		const lines = 300
		want := feed(t, b, in, lines)
		words := float64(total(want))
		cfg := config(t, b, kafkatest.NewName(t))
		cfg.CommitInterval = 5e6 // 5 ms: many transactions
		reg := prometheus.NewRegistry()
		cfg.Registerer = reg
		app := start(t, wordCount(in, out), cfg)
		kafkatest.WaitFor(t, "the last commit", func() bool { return app.Totals().Records == lines+int64(words) })
		repartition := cfg.AppID + "-counts-repartition"
		for _, c := range []struct {
			name   string
			labels []string
			want   float64
		}{
			{"millrace_records_consumed_total", []string{"topic", in}, lines},
			{"millrace_records_consumed_total", []string{"topic", repartition}, words},
			{"millrace_records_processed_total", []string{"subtopology", "0"}, lines},
			{"millrace_records_processed_total", []string{"subtopology", "1"}, words},
			{"millrace_records_produced_total", []string{"topic", repartition}, words},
			{"millrace_records_produced_total", []string{"topic", out}, words},
			{"millrace_commits_total", []string{"outcome", "ok"}, float64(app.Totals().Commits)},
			{"millrace_commits_total", []string{"outcome", "aborted"}, 0},
			{"millrace_transaction_records", nil, float64(app.Totals().Commits)},
			{"millrace_tasks", []string{"role", "active"}, 4},
			{"millrace_partition_lag_records", []string{"topic", in}, 0},
			{"millrace_restore_records_total", nil, 0},
			{"millrace_store_entries", []string{"store", "counts"}, float64(len(want))},
			{"millrace_errors_total", nil, 0},
			{"millrace_app_state", []string{"state", "running"}, 1},
			{"millrace_build_info", []string{"app", cfg.AppID}, 1},
		} {
			var got float64
			kafkatest.WaitFor(t, c.name, func() bool { got = sample(t, reg, c.name, c.labels...); return got >= c.want })
			if got != c.want {
				t.Errorf("%s%v is %v, want %v", c.name, c.labels, got, c.want)
			}
		}
		// A word is logged once for each transaction that counted it.
		logged := sample(t, reg, "millrace_changelog_records_total", "store", "counts")
		if records := float64(len(b.ReadCommitted(t, cfg.AppID+"-counts-changelog"))); logged != records || logged > words || logged < float64(len(want)) {
			t.Errorf("%v records logged, %v in the changelog, of %v words", logged, records, words)
		}
		if sample(t, reg, "millrace_commit_duration_seconds") == 0 || sample(t, reg, "millrace_record_e2e_latency_seconds") == 0 {
			t.Error("no durations")
		}
		problems, err := testutil.GatherAndLint(reg)
		if err != nil || len(problems) > 0 {
			t.Errorf("%v %v", problems, err)
		}
		if err := app.stop(); err != nil {
			t.Fatal(err)
		}
		if n, err := testutil.GatherAndCount(reg); n != 0 || err != nil {
			t.Errorf("%d series after the end, %v", n, err)
		}
		// State in memory is gone: all that was logged comes back.
		again := start(t, wordCount(in, out), cfg)
		ready(t, again)
		if got := sample(t, reg, "millrace_restore_records_total", "store", "counts"); got != logged || again.Totals().Restored != int64(logged) {
			t.Errorf("%v restored, %+v, %v logged", got, again.Totals(), logged)
		}
	})
}

func TestMetricsOfErrors(t *testing.T) {
	b := kafkatest.Fake(t)
	in, out, _, cfg := setUp(t, b)
	put(t, b, in, 0, "1", "x", "y", "2")
	reg := prometheus.NewRegistry()
	cfg.Registerer = reg
	cfg.Errors.Decode = processor.Policy{Retries: 1, Backoff: 1e6, Then: processor.DeadLetter}
	app := start(t, integers(in, out), cfg)
	kafkatest.WaitFor(t, "the last commit", func() bool { return app.Totals().Records == 4 })
	for _, c := range []struct {
		name   string
		labels []string
	}{
		{"millrace_errors_total", []string{"stage", "decode", "action", "retry"}},
		{"millrace_errors_total", []string{"stage", "decode", "action", "dlq"}},
		{"millrace_retries_total", []string{"stage", "decode"}},
		{"millrace_dead_letter_records_total", []string{"topic", in}},
	} {
		if got := sample(t, reg, c.name, c.labels...); got != 2 {
			t.Errorf("%s%v is %v, want 2", c.name, c.labels, got)
		}
	}
}

// Several Apps live in one process and one registry, and go one by one.
func TestSeveralAppsInOneProcess(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		reg := prometheus.NewRegistry()
		in := b.NewTopic(t, 2)
		want := feed(t, b, in, 100)
		var apps []*running
		var cfgs []millrace.Config
		var outs []string
		for range 3 {
			cfg := config(t, b, kafkatest.NewName(t))
			cfg.Registerer = reg
			out := b.NewTopic(t, 1)
			apps, cfgs, outs = append(apps, start(t, wordCount(in, out), cfg)), append(cfgs, cfg), append(outs, out)
		}
		for i, app := range apps {
			kafkatest.WaitFor(t, "the last commit", func() bool { return app.Totals().Records == 100+int64(total(want)) })
			checkCounts(t, b, outs[i], want)
			if got := sample(t, reg, "millrace_records_consumed_total", "app", cfgs[i].AppID, "topic", in); got != 100 {
				t.Errorf("%s consumed %v", cfgs[i].AppID, got)
			}
		}
		if err := apps[0].stop(); err != nil {
			t.Fatal(err)
		}
		if gone, left := sample(t, reg, "millrace_build_info", "app", cfgs[0].AppID), sample(t, reg, "millrace_build_info"); gone != 0 || left != 2 {
			t.Errorf("%v of the stopped App, %v of all", gone, left)
		}
		if err := apps[1].Live(); err != nil || !strings.Contains(apps[1].Status().App, cfgs[1].AppID) {
			t.Error(err)
		}
	})
}
