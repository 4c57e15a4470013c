package main

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

// buildDir is written by TestMain before any test runs.
var buildDir string

// build builds the program once per test binary and returns its path.
var build = sync.OnceValues(func() (string, error) {
	name := filepath.Join(buildDir, "wordcount")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", name, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return name, nil
})

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "wordcount-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	buildDir = dir
	code := kafkatest.Main(m)
	_ = os.RemoveAll(dir)
	os.Exit(code)
}
