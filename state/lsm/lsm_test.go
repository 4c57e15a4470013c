package lsm

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/state/statetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConforms(t *testing.T) {
	statetest.Run(t, func(t *testing.T) state.Backend { return Dir(t.TempDir()) })
}
