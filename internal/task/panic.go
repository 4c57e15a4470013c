package task

import (
	"fmt"
	"runtime/debug"
)

// panicError is a panic of user code as an error.
type panicError struct {
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// Unwrap returns the panic's value if it was an error.
func (p *panicError) Unwrap() error {
	err, _ := p.value.(error)
	return err
}

// catch turns a panic into *err. It must be deferred itself.
func catch(err *error) {
	if v := recover(); v != nil {
		*err = &panicError{v, debug.Stack()}
	}
}

// guarded calls user code off the record path.
func guarded(fn func() error) (err error) {
	defer catch(&err)
	return fn()
}
