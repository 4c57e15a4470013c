package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOptionsRefuseWhatIsUnknown(t *testing.T) {
	for args, want := range map[string]string{
		"-workloads pass,nosuch":      "-workloads nosuch",
		"-systems millrace,spark":     "-systems spark",
		"-systems millrace@soon":      "the commit interval",
		"-systems millrace@0s":        "such as 5ms",
		"-systems millrace@1500us":    "such as 5ms",
		"-systems millrace@threads=0": "at least 1",
		"-systems millrace@threads=x": "at least 1",
		"-systems goka@threads=1":     "of millrace or kafka-streams",
		"-guarantee at-most-once":     "-guarantee at-most-once",
		"-rates 5k":                   "-rates 5k",
		"-records 0":                  "at least 1",
		"-workloads pass extra":       `unexpected argument "extra"`,
		"-rounds 0 -systems nothing":  "-systems nothing",
	} {
		if _, err := parseOptions(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
}

func TestSystemWithAVariableOfTheEnvironment(t *testing.T) {
	s, err := systemOf("millrace@GOGC=25")
	if err != nil || s.name != "millrace@GOGC=25" || s.program != "millrace" || s.env != "GOGC=25" || s.commit != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	if got, want := (&rig{prefix: "bench"}).name(s, "join"), "bench-1-millrace.GOGC.25-join"; got != want {
		t.Errorf("topics begin with %s, want %s", got, want)
	}
	c, err := startChild([]string{"sh", "-c", "echo GOGC is $GOGC"}, s.env)
	if err != nil {
		t.Fatal(err)
	}
	<-c.done
	c.kill()
	if got := c.log.String(); c.err != nil || got != "GOGC is 25\n" {
		t.Errorf("%q, %v", got, c.err)
	}
}

func TestSystemWithACommitInterval(t *testing.T) {
	s, err := systemOf("millrace@5ms")
	if err != nil || s.name != "millrace@5ms" || s.commit != 5*time.Millisecond || s.build == nil {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestJobsRunASystemUnderItsOnlyGuaranteeOnce(t *testing.T) {
	o := options{workloads: []string{"pass", "count"}, guarantees: both}
	systems := []system{{name: "a", guarantees: both}, {name: "b", guarantees: both[1:]}}
	var got []string
	for _, j := range jobs(o, systems) {
		got = append(got, j.workload.name+" "+j.guarantee+" "+j.system.name)
	}
	want := []string{
		"pass exactly-once a", "pass at-least-once b", "pass at-least-once a",
		"count exactly-once a", "count at-least-once b", "count at-least-once a",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPeakOfAProcess(t *testing.T) {
	const status = "Name:\tx\nVmPeak:\t 99 kB\nVmHWM:\t    1234 kB\nVmRSS:\t 7 kB\n"
	if got := parsePeak(status); got != 1234<<10 {
		t.Errorf("%d", got)
	}
	if got := parsePeak("Name:\tx\n"); got != 0 {
		t.Errorf("%d without the line, want 0", got)
	}
}

func TestOutputMustHoldWhatWentIn(t *testing.T) {
	counted := &output{records: 3, last: map[int64][]int64{0: {0, 2, 3}}}
	if err := counted.check(workloads["count"], options{records: 5}); err != nil {
		t.Error(err)
	}
	if err := counted.check(workloads["count"], options{records: 6}); err == nil {
		t.Error("a record that was not counted goes unnoticed")
	}
	hopping := &output{last: map[int64][]int64{0: {9}, 1000: {1}}}
	if err := hopping.check(workloads["window-hopping"], options{records: 1}); err != nil {
		t.Error(err)
	}
	passed := &output{records: 3}
	if err := passed.check(workloads["pass"], options{records: 3}); err != nil {
		t.Error(err)
	}
	if err := passed.check(workloads["pass"], options{records: 2}); err == nil {
		t.Error("a record that came twice goes unnoticed")
	}
}
