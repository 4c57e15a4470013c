package main

import (
	"context"

	"github.com/millrace-io/millrace/benchmarks/internal/program"
)

// workload is something to measure of every system that can do it.
type workload struct {
	name     string
	topology string
	input    input
	right    input                   // of a join
	results  func(o options) int64   // how many records come out, or what the counts add up to
	needs    func(system) bool       // nil: every system can
	systems  func([]system) []system // that run it, of those that are asked for; nil: they do
	measure  func(ctx context.Context, g *rig, w workload, s system, guarantee string) ([]result, error)
}

// workloads are those that are known, by name.
var workloads = map[string]workload{
	"pass":         {name: "pass", topology: program.Pass, input: uniformInput, results: asMany, measure: throughput},
	"count":        {name: "count", topology: program.Count, input: uniformInput, results: asMany, measure: throughput},
	"count-skewed": {name: "count-skewed", topology: program.Count, input: skewedInput, results: asMany, measure: throughput},
	"count-10m":    {name: "count-10m", topology: program.Count, input: manyInput, results: asMany, measure: throughput},
	"restore":      {name: "restore", measure: restore, needs: func(s system) bool { return s.changelog != "" }},
	"latency":      {name: "latency", measure: latency, systems: quickly},

	"join": {name: "join", topology: program.Join, input: leftInput, right: rightInput, results: matches, measure: throughput, needs: windows},

	"window":         {name: "window", topology: program.Window, input: timedInput, results: asMany, measure: throughput, needs: windows},
	"window-hopping": {name: "window-hopping", topology: program.Hopping, input: timedInput, results: overlapping, measure: throughput, needs: windows},
	"window-close":   {name: "window-close", topology: program.Close, input: timedInput, results: closed, measure: throughput, needs: windows},
}

// asMany is as many results as records.
func asMany(o options) int64 { return o.records }

// overlapping is a result for each window that a record is in.
func overlapping(o options) int64 { return o.records * program.Overlap }

// windows says whether a system has windows of event time, and joins.
func windows(s system) bool { return s.windows }
