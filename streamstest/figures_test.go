package streamstest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/status"
	"github.com/millrace-io/millrace/streamstest"
)

func TestMetricsCountOverRestarts(t *testing.T) {
	d := streamstest.New(t, wordCount(), streamstest.Config{Errors: processor.Policies{Decode: processor.Policy{Then: processor.Skip}}})
	lines := streamstest.In[string, string](d, "lines")
	lines.PipeAt("", "to be", 1)
	d.Crash()
	lines.PipeAt("", "be", -1)
	d.Restart()
	lines.PipeNull("")
	want := map[string]uint64{
		`millrace_changelog_records_total{store="counts"}`:                    2,
		`millrace_commits_total{outcome="ok"}`:                                5, // of 3 lines and 2 words
		`millrace_errors_total{stage="decode",action="continue"}`:             1,
		`millrace_records_dropped_total{subtopology="0",reason="null_value"}`: 1,
		`millrace_records_dropped_total{subtopology="0",reason="skipped"}`:    1,
		`millrace_records_processed_total{subtopology="0"}`:                   3,
		`millrace_records_processed_total{subtopology="1"}`:                   2,
		`millrace_records_produced_total{topic="test-counts-repartition"}`:    2,
		`millrace_records_produced_total{topic="totals"}`:                     2,
		`millrace_restore_records_total{store="counts",role="active"}`:        4,
	}
	if diff := cmp.Diff(want, d.Metrics()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestStatusShowsTasksOnTheirInstances(t *testing.T) {
	d := streamstest.New(t, wordCount(), streamstest.Config{Instances: 2, ManualCommit: true})
	streamstest.In[string, string](d, "lines").PipeAt("", "to be", 9)
	d.Commit()
	streamstest.In[string, string](d, "lines").PipeAt("", "not", 8)
	s := d.Status()
	if s.App != "test" || s.State != status.Running || len(s.Workers) != 2 || len(s.Tasks) != 2 {
		t.Fatalf("got %+v", s)
	}
	first, second := s.Tasks[0], s.Tasks[1]
	wantInput := status.Input{Topic: "lines", Position: 2, Committed: 1, End: 2, WatermarkMs: -1}
	if diff := cmp.Diff([]status.Input{wantInput}, first.Inputs); diff != "" || first.Worker != 0 || first.StreamTimeMs != 9 {
		t.Errorf("first task: %+v (-want +got)\n%s", first, diff)
	}
	wantStore := status.Store{Name: "counts", Entries: 2, Changelog: "test-counts-changelog", Position: 2}
	if diff := cmp.Diff([]status.Store{wantStore}, second.Stores); diff != "" || second.Worker != 1 || second.Processed != 2 {
		t.Errorf("second task: %+v (-want +got)\n%s", second, diff)
	}
}
