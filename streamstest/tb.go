package streamstest

import "fmt"

// TB is what a Driver needs of a *testing.T, *testing.B or *rapid.T. If it has
// a method Cleanup(func()) as well, the Driver is closed by it.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// panicking stands in where there is no test, as in Example functions.
type panicking struct{}

func (panicking) Helper() {}

func (panicking) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
