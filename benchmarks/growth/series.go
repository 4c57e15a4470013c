package main

import (
	"context"
	"runtime"
	"slices"

	"github.com/millrace-io/millrace"
)

// series is one thing that grows, and what is measured meanwhile.
type series struct {
	name, title string
	axis        string // title of the first column
	at          []int64
	settings    []setting // at each point; one without a name if there is no choice
	columns     []column

	// prepare makes the topics that a point needs; nil: it needs no broker.
	prepare func(ctx context.Context, g *rig, p *point) error
	// measure runs in the process of the point.
	measure func(ctx context.Context, p *point) (sample, error)
}

// setting is how the library is set at a point.
type setting struct {
	name   string
	memory millrace.Memory
	ram    bool  // state is in memory
	most   int64 // no points beyond; 0 is no bound
}

const mib = 1 << 20

var (
	defaults = []setting{{}}
	budgets  = []setting{
		{name: "disk, budgets of 240 MiB (default)"},
		{name: "disk, budgets of 40 MiB", memory: millrace.Memory{
			Queues: 4 * mib, Entries: 8 * mib, Outbox: 12 * mib, BlockCache: 8 * mib, Memtables: 8 * mib}},
		{name: "memory", ram: true, most: 1e6},
	}
)

// order is that of the tables.
var order = []string{"workers", "partitions", "keys", "operators", "stores", "memory", "restore", "idle"}

// known are the series by name.
var known map[string]*series

func init() {
	known = map[string]*series{}
	for _, s := range []series{
		{
			name: "workers", title: "Workers, over 16 partitions", axis: "workers", at: workerCounts(), settings: defaults,
			columns: []column{recordsPerSecond, cpuPerMillion},
			prepare: func(ctx context.Context, g *rig, p *point) error {
				p.Workers = int(p.At)
				return g.count(ctx, p, input{partitions: 16, keys: manyKeys, records: p.Records})
			},
			measure: count,
		},
		{
			name: "partitions", title: "Partitions", axis: "partitions", at: []int64{1, 2, 4, 8, 16, 32, 64}, settings: defaults,
			columns: []column{recordsPerSecond, cpuPerMillion, peakMB},
			prepare: func(ctx context.Context, g *rig, p *point) error {
				return g.count(ctx, p, input{partitions: int32(p.At), keys: manyKeys, records: p.Records})
			},
			measure: count,
		},
		{
			name: "keys", title: "Keys of a count on disk, without a broker", axis: "keys",
			at: []int64{1e3, 1e4, 1e5, 1e6, 1e7}, settings: defaults,
			columns: []column{nsPerRecord, recordsPerSecond}, measure: overKeys,
		},
		{
			name: "operators", title: "Operators in a chain, without a broker", axis: "operators",
			at: []int64{1, 2, 5, 10, 20}, settings: defaults,
			columns: []column{nsPerRecord, recordsPerSecond}, measure: overOperators,
		},
		{
			name: "stores", title: "Counts side by side, each with a store on disk, without a broker", axis: "stores",
			at: []int64{1, 2, 5, 10, 20, 50}, settings: defaults,
			columns: []column{nsPerRecord, nsPerUpdate}, measure: overStores,
		},
		{
			name: "memory", title: "Peak resident memory of a count", axis: "keys",
			at: []int64{1e4, 1e5, 1e6, 1e7}, settings: budgets,
			columns: []column{peakMB, recordsPerSecond, cpuPerMillion},
			prepare: func(ctx context.Context, g *rig, p *point) error {
				p.Records = max(p.Records, p.At)
				return g.count(ctx, p, input{partitions: 4, keys: p.At, records: p.Records})
			},
			measure: count,
		},
		{
			name: "restore", title: "Restore onto disk, 4 partitions", axis: "changelog records",
			at: []int64{1e5, 3e5, 1e6, 3e6, 1e7}, settings: defaults,
			columns: []column{seconds, recordsPerSecond, cpuPerMillion, peakMB}, prepare: writePast, measure: restore,
		},
		{
			name: "idle", title: "Idle instance, each task with a store on disk", axis: "tasks",
			at: []int64{1, 100, 500}, settings: defaults,
			columns: []column{cpuPercent, peakMB}, prepare: silence, measure: idle,
		},
	} {
		known[s.name] = &s
	}
}

// manyKeys is how many keys an input has where it does not matter.
const manyKeys = 100_000

// workerCounts double up to twice the processors.
func workerCounts() (list []int64) {
	for n := 1; n <= 2*runtime.NumCPU(); n *= 2 {
		list = append(list, int64(n))
	}
	return list
}

func needBroker(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return known[name].prepare != nil })
}
