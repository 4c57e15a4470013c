package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// column is a figure of a table.
type column struct {
	title  string
	digits int
	of     func(result) float64
}

var (
	recordsPerSecond = column{"records/s", 0, func(r result) float64 { return float64(r.Records) / r.Seconds }}
	cpuPerMillion    = column{"CPU s/million", 2, func(r result) float64 { return r.CPU / float64(r.Records) * 1e6 }}
	nsPerRecord      = column{"CPU ns/record", 0, func(r result) float64 { return r.CPU / float64(r.Records) * 1e9 }}
	nsPerUpdate      = column{"CPU ns/update", 0, func(r result) float64 { return nsPerRecord.of(r) / float64(r.At) }}
	cpuPercent       = column{"CPU % of one processor", 2, func(r result) float64 { return r.CPU / r.Seconds * 100 }}
	seconds          = column{"seconds", 2, func(r result) float64 { return r.Seconds }}
	peakMB           = column{"peak MB", 0, func(r result) float64 { return float64(r.Peak) / 1e6 }}
)

// writeTable writes a Markdown table.
func writeTable(w io.Writer, s *series, results []result) error {
	head := []string{s.axis}
	if len(s.settings) > 1 {
		head = append(head, "state")
	}
	for _, c := range s.columns {
		head = append(head, c.title)
	}
	var b strings.Builder
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	fmt.Fprintf(&b, "\n%s\n\n", s.title)
	line(head)
	b.WriteString("|" + strings.Repeat("---|", len(head)) + "\n")
	for _, r := range results {
		cells := []string{thousands(strconv.FormatInt(r.At, 10))}
		if len(s.settings) > 1 {
			cells = append(cells, r.Setting)
		}
		for _, c := range s.columns {
			cells = append(cells, thousands(strconv.FormatFloat(c.of(r), 'f', c.digits, 64)))
		}
		line(cells)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// thousands puts commas into a number.
func thousands(s string) string {
	whole, fraction, point := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if point {
		whole += "." + fraction
	}
	return whole
}
