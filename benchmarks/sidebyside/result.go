package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
)

// result is what was measured of a system at a workload: of one run, or the
// medians over several. Figures that do not apply are nil.
type result struct {
	System    string `json:"system"`
	Workload  string `json:"workload"`
	Guarantee string `json:"guarantee"`
	Records   int64  `json:"records"`

	RecordsPerSecond *float64 `json:"records_per_second,omitempty"`
	CPU              *float64 `json:"cpu_seconds_per_million,omitempty"`
	Peak             *float64 `json:"peak_rss_bytes,omitempty"`
	Produced         *float64 `json:"produced_bytes,omitempty"`
	P50              *float64 `json:"p50_ms,omitempty"`
	P99              *float64 `json:"p99_ms,omitempty"`
	P999             *float64 `json:"p999_ms,omitempty"`
	Start            *float64 `json:"start_seconds,omitempty"`
}

// figure is one column of results.
type figure struct {
	title  string
	scale  float64 // from the JSON's unit to the title's
	digits int     // behind the point, in the JSON
	of     func(*result) **float64
}

var figures = []figure{
	{"records/s", 1, 0, func(r *result) **float64 { return &r.RecordsPerSecond }},
	{"CPU s/million", 1, 3, func(r *result) **float64 { return &r.CPU }},
	{"peak MB", 1e-6, 0, func(r *result) **float64 { return &r.Peak }},
	{"produced MB", 1e-6, 0, func(r *result) **float64 { return &r.Produced }},
	{"p50 ms", 1, 3, func(r *result) **float64 { return &r.P50 }},
	{"p99 ms", 1, 3, func(r *result) **float64 { return &r.P99 }},
	{"p99.9 ms", 1, 3, func(r *result) **float64 { return &r.P999 }},
	{"start s", 1, 3, func(r *result) **float64 { return &r.Start }},
}

// id is what tells results apart: a list of them has one for each.
func (r *result) id() [3]string { return [3]string{r.Workload, r.Guarantee, r.System} }

// medians merges the runs of the same system, workload and guarantee, in the
// order in which they first appear.
func medians(runs []result) []result {
	var order [][3]string
	same := map[[3]string][]result{}
	for _, r := range runs {
		if same[r.id()] == nil {
			order = append(order, r.id())
		}
		same[r.id()] = append(same[r.id()], r)
	}
	var merged []result
	for _, id := range order {
		rounds := same[id]
		m := rounds[0]
		for _, f := range figures {
			var values []float64
			for i := range rounds {
				if v := *f.of(&rounds[i]); v != nil {
					values = append(values, *v)
				}
			}
			*f.of(&m) = round(median(values), f.digits)
		}
		merged = append(merged, m)
	}
	return merged
}

// median is nil without values. It sorts them.
func median(values []float64) *float64 {
	if len(values) == 0 {
		return nil
	}
	slices.Sort(values)
	n := len(values)
	return new((values[(n-1)/2] + values[n/2]) / 2)
}

// round keeps some digits behind the point.
func round(v *float64, digits int) *float64 {
	if v == nil {
		return nil
	}
	unit := math.Pow10(digits)
	return new(math.Round(*v*unit) / unit)
}

// quantile is the smallest value that at least the share q of them does not
// exceed; nil without values. They are sorted.
func quantile(sorted []float64, q float64) *float64 {
	if len(sorted) == 0 {
		return nil
	}
	at := int(q*float64(len(sorted))+0.999999) - 1
	return new(sorted[min(max(at, 0), len(sorted)-1)])
}

// writeJSON writes results as a list.
func writeJSON(path string, results []result) error {
	text, err := json.MarshalIndent(append([]result{}, results...), "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	return nil
}
