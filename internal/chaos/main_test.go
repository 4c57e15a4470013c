package chaos

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

// wordcount builds the example once per test binary and returns its path.
var wordcount = sync.OnceValues(func() (string, error) {
	name := filepath.Join(buildDir, "wordcount")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	build := exec.Command("go", "build", "-o", name, "github.com/millrace-io/millrace/examples/wordcount")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the word count: %w\n%s", err, out)
	}
	return name, nil
})

// buildDir is written by TestMain before any test runs.
var buildDir string

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == joiner {
		os.Exit(runJoiner(os.Args[2:]))
	}
	dir, err := os.MkdirTemp("", "chaos-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
	buildDir = dir
	code := kafkatest.Main(m)
	_ = os.RemoveAll(dir)
	os.Exit(code)
}
