// Errorlines finds the lines of log files that contain ERROR. The same filter
// runs over a slice, over files as a bounded batch, and over a stream.
//
//	go run ./examples/errorlines                         # a few lines of its own
//	go run ./examples/errorlines /var/log/app.log ...    # a batch: ends when all is read
//	go run ./examples/errorlines -follow                 # a stream: ends when interrupted
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/examples/internal/demo"
	"github.com/millrace-io/millrace/topology"
)

func main() {
	demo.Main(func() (demo.Example, error) {
		lines := strings.Split(sample, "\n")
		if flag.NArg() > 0 {
			var err error
			if lines, err = read(flag.Args()); err != nil {
				return demo.Example{}, err
			}
		}
		return example(lines), nil
	})
}

const sample = `2024-01-01 10:00:00 INFO started
2024-01-01 10:00:07 ERROR disk /dev/sda1 is full
2024-01-01 10:00:09 WARN retrying
2024-01-01 10:00:12 ERROR no route to 10.0.0.7
2024-01-01 10:00:15 INFO stopped`

// isError is the filter.
func isError(line string) bool { return strings.Contains(line, "ERROR") }

// errorLines is the whole topology.
func errorLines() *topology.Builder {
	b := topology.New()
	lines := topology.Stream[string, string](b, "lines")
	topology.To(lines.Filter(func(_, line string) bool { return isError(line) }), "errors")
	return b
}

func example(lines []string) demo.Example {
	e := demo.Example{
		Config:   millrace.Config{AppID: "errorlines"},
		Topology: errorLines(),
		Topics:   map[string]int32{"lines": 1, "errors": 1},
		Output:   []string{"errors"},
	}
	for _, line := range lines {
		e.Input = append(e.Input, demo.Record{Topic: "lines", Value: []byte(line)})
	}
	return e
}

// read returns the lines of files.
func read(files []string) (lines []string, err error) {
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read the lines: %w", err)
		}
		for line := range strings.Lines(string(text)) {
			lines = append(lines, strings.TrimRight(line, "\r\n"))
		}
	}
	return lines, nil
}
