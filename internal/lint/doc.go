// Package lint holds the rules of this module that no tool knows: who may
// import whom, what the public API is, how long a file may be, what code and
// documents may not contain. It is all tests:
//
//	go test ./internal/lint
//	go test ./internal/lint -update   # accept a change of the public API
//
// A rule is a table or a pattern at the top of its file. Where one must be
// broken, the file that does it is listed beside the rule with the reason; an
// entry that nothing needs any more fails like a violation.
//
// The rules look at the source of all platforms, not only at what builds on
// this one. They know nothing of what the code does.
package lint
