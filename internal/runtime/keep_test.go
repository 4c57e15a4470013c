package runtime

import (
	"context"
	"testing"

	"github.com/millrace-io/millrace/state"
)

// kept is a database that outlives the instances of a test, as a folder would.
type kept struct{ state.DB }

func (k kept) Open(context.Context, state.Options) (state.DB, error) { return k, nil }
func (k kept) Close() error                                          { return nil }
func (k kept) Durable() bool                                         { return true }

func keep(t testing.TB, b state.Backend) state.Backend {
	db, err := b.Open(t.Context(), state.Options{App: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return kept{db}
}
