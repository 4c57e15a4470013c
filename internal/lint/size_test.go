package lint

import (
	"fmt"
	"strings"
	"testing"
)

// A file holds one idea in some 150 lines. Above largeFile it needs an entry
// below, above largestFile it is split.
const (
	largeFile   = 400
	largestFile = 600
)

var largeFiles = map[string]string{}

func TestFilesHoldOneIdea(t *testing.T) {
	var found []finding
	for _, s := range sources(t) {
		n := strings.Count(s.text, "\n")
		switch {
		case s.test:
		case n > largestFile:
			t.Errorf("%s has %d lines, more than %d: split it", s.path, n, largestFile)
		case n > largeFile:
			found = append(found, finding{s.path, n, fmt.Sprintf("more than %d lines: split it, or give it an entry in size_test.go", largeFile)})
		}
	}
	report(t, found, largeFiles)
}
