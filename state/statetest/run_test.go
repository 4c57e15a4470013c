package statetest_test

import (
	"context"
	"testing"

	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/state/statetest"
)

// counting is a backend of one's own: here one that counts how often it is
// opened.
type counting struct {
	state.Backend
	opened *int
}

func (c counting) Open(ctx context.Context, o state.Options) (state.DB, error) {
	*c.opened++
	return c.Backend.Open(ctx, o)
}

// A backend that is not part of the module runs the suite in its own tests.
func TestBackendOfOnesOwn(t *testing.T) {
	opened := 0
	statetest.Run(t, func(*testing.T) state.Backend { return counting{state.Memory(), &opened} })
	if opened == 0 {
		t.Error("the suite has opened another backend")
	}
}
