package processor

import "errors"

// Maybe is a value that can be absent. A stream of Maybe[V] sees the nulls of
// its topic, and a sink writes a null for one that is not OK.
type Maybe[T any] struct {
	Value T
	OK    bool
}

// Some is a Maybe that holds v.
func Some[T any](v T) Maybe[T] { return Maybe[T]{Value: v, OK: true} }

// Null may be returned as error by callbacks of operators that have an error
// form: the result is a null value, which deletes the row of a table.
//
//lint:ignore ST1012 it is a result, not a failure
var Null = errors.New("null result")
