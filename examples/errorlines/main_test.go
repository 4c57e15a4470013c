package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/millrace-io/millrace/examples/internal/demo"
)

// values are the values of printed records.
func values(printed string) (values []string) {
	for line := range strings.Lines(printed) {
		values = append(values, strings.TrimSuffix(strings.SplitN(line, "\t", 3)[2], "\n"))
	}
	return values
}

// until is an output that calls done after n lines.
type until struct {
	mu   sync.Mutex // guards buf and n
	buf  bytes.Buffer
	n    int
	done func()
}

func (u *until) Write(b []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.n -= bytes.Count(b, []byte("\n")); u.n <= 0 {
		u.done()
	}
	return u.buf.Write(b)
}

func TestSliceBatchAndStreamGiveTheSame(t *testing.T) {
	var want []string
	for line := range strings.SplitSeq(sample, "\n") {
		if isError(line) {
			want = append(want, line)
		}
	}

	file := filepath.Join(t.TempDir(), "app.log")
	if err := os.WriteFile(file, []byte(sample+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	lines, err := read([]string{file})
	if err != nil {
		t.Fatal(err)
	}
	var batch bytes.Buffer
	if err := demo.Run(t.Context(), example(lines), demo.Options{Out: &batch}); err != nil {
		t.Fatal(err)
	}

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	stream := &until{n: len(want), done: stop}
	if err := demo.Run(ctx, example(lines), demo.Options{Follow: true, Out: stream}); err != nil {
		t.Fatal(err)
	}

	for how, got := range map[string][]string{"batch": values(batch.String()), "stream": values(stream.buf.String())} {
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, the slice has %q", how, got, want)
		}
	}
}

func TestMissingFileIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "none.log")
	if _, err := read([]string{file}); err == nil || !strings.Contains(err.Error(), "none.log") {
		t.Errorf("got %v", err)
	}
}
