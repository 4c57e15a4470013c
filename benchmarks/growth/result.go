package main

import (
	"encoding/json"
	"os"
	"slices"
)

// result is a point of a table: the medians over its rounds.
type result struct {
	Series  string  `json:"series"`
	At      int64   `json:"at"`
	Setting string  `json:"setting,omitempty"`
	Records int64   `json:"records,omitempty"`
	Seconds float64 `json:"seconds"`
	CPU     float64 `json:"cpu_seconds"`
	Peak    int64   `json:"peak_rss_bytes,omitempty"`
}

func median(r result, samples []sample) result {
	middle := func(of func(sample) float64) float64 {
		all := make([]float64, len(samples))
		for i, s := range samples {
			all[i] = of(s)
		}
		slices.Sort(all)
		return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
	}
	r.Records = samples[0].Records
	r.Seconds = middle(func(s sample) float64 { return s.Seconds })
	r.CPU = middle(func(s sample) float64 { return s.CPU })
	r.Peak = int64(middle(func(s sample) float64 { return float64(s.Peak) }))
	return r
}

func writeJSON(path string, results []result) error {
	text, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
