package lsm

import (
	"errors"
	"fmt"
	"log/slog"
)

// logger is what pebble logs to.
type logger struct {
	guard *guard
	to    *slog.Logger // nil is silent
}

func (logger) Infof(string, ...any) {}

func (l logger) Errorf(format string, args ...any) {
	if l.to != nil {
		l.to.Warn("state database: "+failureText(format, args).Error(), "folder", l.guard.dir)
	}
}

// Fatalf must not end the process. Pebble's files are as good as its view of
// them, and that is in doubt now: nothing is written any more.
func (l logger) Fatalf(format string, args ...any) {
	err := failureText(format, args)
	if l.to != nil {
		l.to.Error("state database: "+err.Error(), "folder", l.guard.dir)
	}
	l.guard.fail(err)
}

// failureText is a message of pebble with the errors among its arguments, but
// not the others, which may be keys.
func failureText(format string, args []any) error {
	var errs []error
	for _, a := range args {
		if err, ok := a.(error); ok {
			errs = append(errs, err)
		}
	}
	if len(errs) == 0 {
		return errors.New(format)
	}
	return fmt.Errorf("%q: %w", format, errors.Join(errs...))
}
