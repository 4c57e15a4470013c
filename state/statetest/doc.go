// Package statetest is the conformance suite of state backends: what the
// runtime relies on, and what every backend must therefore do.
//
//	func TestConformance(t *testing.T) {
//		statetest.Run(t, func(t *testing.T) state.Backend { return mine.New(t.TempDir()) })
//	}
package statetest
