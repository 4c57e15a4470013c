package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/examples/internal/demo"
)

// run returns the values that have been copied, sorted.
func run(t *testing.T, n int, state string) []string {
	t.Helper()
	var out bytes.Buffer
	if err := demo.Run(t.Context(), example(n), demo.Options{State: state, Out: &out}); err != nil {
		t.Fatal(err)
	}
	var values []string
	for line := range strings.Lines(out.String()) {
		values = append(values, strings.TrimSpace(line[strings.LastIndex(line, "\t"):]))
	}
	slices.Sort(values)
	return values
}

// records are the values from an offset to another.
func records(partition string, from, to int) (values []string) {
	for offset := from; offset < to; offset++ {
		values = append(values, fmt.Sprintf("%s@%d", partition, offset))
	}
	return values
}

func TestChosenOffsetsCountUntilOffsetsAreCommitted(t *testing.T) {
	state := t.TempDir()
	want := func(n int) []string {
		return slices.Sorted(slices.Values(slices.Concat(
			records("topic1/0", 23, n), records("topic1/1", 0, n), records("topic2/0", 0, n))))
	}
	// 2 of 25, 25 and 25; then only what is new, though offset 23 is given again.
	for _, n := range []int{25, 30} {
		if got := run(t, n, state); !slices.Equal(got, want(n)) {
			t.Errorf("with %d records in each partition: got\n%v\nwant\n%v", n, got, want(n))
		}
	}
}
