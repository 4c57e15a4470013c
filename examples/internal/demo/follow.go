package demo

import (
	"context"
	"errors"
	"sync"

	"github.com/millrace-io/millrace"
)

// follow runs app until ctx ends, and beside it writes the input and prints
// the output. What fails first ends all of it.
func follow(ctx context.Context, e Example, o Options, k *kafka, app *millrace.App) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	errs := make([]error, 3)
	for i, part := range []func() error{
		func() error { return app.Run(ctx) },
		func() error { return k.write(ctx, e.Input, o.Pause) },
		func() error { return k.printLive(ctx, o.Out, e.Output) },
	} {
		wg.Go(func() {
			if err := part(); err != nil && !errors.Is(err, context.Canceled) {
				errs[i] = err
				stop()
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
