package state_test

import (
	"testing"

	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/state/statetest"
)

func TestMemoryConforms(t *testing.T) {
	statetest.Run(t, func(*testing.T) state.Backend { return state.Memory() })
}

func BenchmarkMemory(b *testing.B) {
	statetest.Benchmark(b, func(*testing.B) state.Backend { return state.Memory() })
}
