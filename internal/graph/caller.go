package graph

import (
	"fmt"
	"path"
	"runtime"
	"strings"
)

const module = "github.com/millrace-io/millrace/"

// Caller is the place in the user's code that called an operator, as
// folder/file.go:line: the first frame outside the packages that operators are
// made of. Tests of those packages count as users.
func Caller() string {
	var pcs [48]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		if !insideDSL(f) {
			folder, file := path.Split(f.File)
			return fmt.Sprintf("%s/%s:%d", path.Base(folder), file, f.Line)
		}
		if !more {
			return "unknown:0"
		}
	}
}

func insideDSL(f runtime.Frame) bool {
	name, ours := strings.CutPrefix(f.Function, module)
	if !ours || strings.HasSuffix(f.File, "_test.go") {
		return false
	}
	for _, pkg := range [...]string{"topology.", "windowing.", "joins.", "internal/"} {
		if strings.HasPrefix(name, pkg) {
			return true
		}
	}
	return false
}
