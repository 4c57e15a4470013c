package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

func TestMain(m *testing.M) { os.Exit(kafkatest.Main(m)) }

// readme is the first Go program in the README.
func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```go\n(package main\n.*?)```").FindSubmatch(text)
	if m == nil {
		t.Fatal("the README has no Go program")
	}
	return string(m[1])
}

func TestReadmeShowsThisProgram(t *testing.T) {
	program, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	// The comment of the package is for those who do not come from the README.
	_, code, _ := strings.Cut(string(program), "\npackage main\n")
	if code = "package main\n" + code; code != readme(t) {
		t.Errorf("README.md shows another program than examples/minimal/main.go; it should be\n%s", code)
	}
}

func TestProgramOfTheReadmeCounts(t *testing.T) {
	dir := t.TempDir()
	source, program := filepath.Join(dir, "main.go"), filepath.Join(dir, "readme.exe")
	if err := os.WriteFile(source, []byte(readme(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", program, source).CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	b := kafkatest.Fake(t)
	b.CreateTopic(t, "lines", 2)
	b.CreateTopic(t, "totals", 2)
	b.Produce(t, &kgo.Record{Topic: "lines", Value: []byte("my first line, my second")})
	cmd := exec.CommandContext(t.Context(), program, b.Addrs...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("it printed %s", stderr.String())
		}
	}()
	kafkatest.WaitFor(t, "5 counts", func() bool { return len(b.ReadCommitted(t, "totals")) == 5 })
	last := make(map[string]string)
	for _, r := range b.ReadCommitted(t, "totals") {
		last[string(r.Key)] = string(r.Value)
	}
	if last["my"] != "2" || last["first"] != "1" || last["line,"] != "1" || last["second"] != "1" {
		t.Errorf("counts are %v", last)
	}
}
