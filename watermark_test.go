package millrace_test

import (
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/status"
	"github.com/millrace-io/millrace/topology"
)

// Status and metrics say how far the partitions have come and which of them
// holds back stream time. A restart keeps that.
func TestWatermarksShowAndSurviveARestart(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		ahead, behind, out := b.NewTopic(t, 1), b.NewTopic(t, 1), b.NewTopic(t, 1)
		begun := time.Now().Truncate(time.Millisecond)
		after := func(d time.Duration) int64 { return begun.Add(d).UnixMilli() }
		produce := func(topic string, d time.Duration) {
			r := kgo.KeyStringRecord("k", "v")
			r.Topic, r.Timestamp = topic, begun.Add(d)
			b.Produce(t, r)
		}
		cfg := config(t, b, kafkatest.NewName(t))
		run := func(idle time.Duration) (*running, *prometheus.Registry) {
			tb := topology.New()
			opts := []topology.Option{topology.WatermarkAscending()}
			if idle > 0 {
				opts = append(opts, topology.WatermarkIdle(idle))
			}
			topology.To(topology.StreamTopics[string, string](tb, []string{ahead, behind}, opts...), out)
			cfg, reg := cfg, prometheus.NewRegistry()
			cfg.Registerer = reg
			return start(t, tb, cfg), reg
		}
		// task waits for a stream time, which shows up after the records.
		task := func(app *running, streamTime int64) (one status.Task, at map[string]status.Input) {
			t.Helper()
			kafkatest.WaitFor(t, "the stream time", func() bool {
				tasks := app.Status().Tasks
				i := slices.IndexFunc(tasks, func(s status.Task) bool { return s.StreamTimeMs == streamTime })
				if i >= 0 {
					one = tasks[i]
				}
				return i >= 0
			})
			at = map[string]status.Input{}
			for _, in := range one.Inputs {
				at[in.Topic] = in
			}
			return one, at
		}

		produce(ahead, 9*time.Second)
		produce(ahead, 8*time.Second)
		produce(behind, 5*time.Second)
		app, reg := run(0)
		_, at := task(app, after(5*time.Second))
		kafkatest.WaitFor(t, "all records", func() bool {
			_, at = task(app, after(5*time.Second))
			return at[ahead].Disordered == 1 && at[ahead].WatermarkMs == after(9*time.Second)
		})
		if !at[behind].HoldsBack || at[ahead].HoldsBack || at[behind].WatermarkMs != after(5*time.Second) {
			t.Errorf("inputs %+v", at)
		}
		seconds := func(ms int64) float64 { return float64(ms) / 1000 }
		const gauge = "millrace_partition_watermark_timestamp_seconds"
		for topic, want := range map[string]int64{ahead: after(9 * time.Second), behind: after(5 * time.Second)} {
			if got := sample(t, reg, gauge, "topic", topic, "partition", "0"); got != seconds(want) {
				t.Errorf("%s of %s: %f, want %f", gauge, topic, got, seconds(want))
			}
		}
		if got := sample(t, reg, "millrace_watermark_timestamp_seconds"); got != seconds(after(5*time.Second)) {
			t.Errorf("watermark %f", got)
		}
		kafkatest.WaitFor(t, "the count of disordered records", func() bool {
			return sample(t, reg, "millrace_records_disordered_total", "topic", ahead) == 1
		})
		kafkatest.WaitFor(t, "the commit", func() bool {
			return b.Committed(t, cfg.AppID)[ahead][0] > 0 && b.Committed(t, cfg.AppID)[behind][0] > 0
		})
		if err := app.stop(); err != nil {
			t.Fatal(err)
		}

		app, reg = run(100 * time.Millisecond)
		_, at = task(app, after(9*time.Second)) // all are idle, and nothing new has come
		if at[behind].WatermarkMs != after(5*time.Second) || !at[behind].Idle || at[behind].HoldsBack {
			t.Errorf("inputs after a restart %+v", at)
		}
		if got := sample(t, reg, gauge, "topic", behind); got != 0 {
			t.Errorf("%s of an idle partition: %f", gauge, got)
		}
		if err := app.stop(); err != nil {
			t.Fatal(err)
		}

		// What the idle time-out has done is committed, though no record came.
		produce(behind, 6*time.Second)
		app, _ = run(0)
		kafkatest.WaitFor(t, "the record", func() bool {
			_, at = task(app, after(9*time.Second))
			return at[behind].WatermarkMs == after(6*time.Second)
		})
		if !at[behind].HoldsBack {
			t.Errorf("inputs after another restart %+v", at)
		}
	})
}
