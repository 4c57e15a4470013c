package store

import "github.com/millrace-io/millrace/state"

// closeInto closes a cursor at the end of a function. What goes wrong is its error
// unless something else was before.
func closeInto(err *error, c state.Cursor) {
	if cerr := c.Close(); *err == nil {
		*err = cerr
	}
}
