package lsm

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/state/statetest"
)

func TestMain(m *testing.M) {
	if what := os.Getenv(childEnv); what != "" {
		fmt.Fprintln(os.Stderr, child(what))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

func TestConforms(t *testing.T) {
	statetest.Run(t, func(t *testing.T) state.Backend { return Dir(t.TempDir()) })
}

func BenchmarkLSM(b *testing.B) {
	statetest.Benchmark(b, func(b *testing.B) state.Backend { return Dir(b.TempDir()) })
}
