package random

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/state/lsm"
	"github.com/millrace-io/millrace/streamstest"
)

// trial is a topology, what it runs on, and what happens to it.
type trial struct {
	plan        *plan
	partitions  int // of the topics that it reads and writes
	instances   int
	atLeastOnce bool
	pebble      bool
	every       int  // commits; 0 is when told
	calm        bool // few keys, and no absurd times: more of it belongs together
	events      []event
}

// event is one thing that happens: records that come, if do is "".
type event struct {
	do     string
	n      int // of instances, or a step of a commit
	source int
	pieces []piece
}

// piece is a record as it is written to a topic. In place of a key or value a
// garbled stands for bytes that cannot be read.
type piece struct {
	key, value any
	time       int64
	header     string
}

// header is the name of a record's header.
const header = "h"

type garbled struct{}

// drawTrial draws all of it.
func drawTrial(t *rapid.T) *trial {
	tr := &trial{partitions: rapid.IntRange(1, mostPartitions).Draw(t, "partitions"), instances: rapid.IntRange(1, 3).Draw(t, "instances")}
	tr.every = rapid.SampledFrom([]int{1, 1, 7, 0}).Draw(t, "commit every")
	tr.atLeastOnce = rapid.Bool().Draw(t, "at least once")
	tr.pebble = rapid.IntRange(0, 49).Draw(t, "pebble") == 49
	tr.calm = rapid.Bool().Draw(t, "calm")
	tr.plan = drawPlan(t, tr.every == 1, tr.calm, tr.partitions)
	running := tr.instances
	for range rapid.IntRange(1, 30).Draw(t, "events") {
		e, ok := tr.drawEvent(t, running)
		if !ok {
			continue // so that a failing trial shrinks
		}
		if e.do == "rebalance" {
			running = e.n
		}
		tr.events = append(tr.events, e)
	}
	return tr
}

func (tr *trial) drawEvent(t *rapid.T, running int) (event, bool) {
	n := rapid.IntRange(0, 17).Draw(t, "event")
	if tr.plan.ticking() && 12 <= n && n <= 15 {
		n = 16 // the only one that is sure to forget of all topics how long they have been idle
	}
	switch n {
	case 0:
		return event{}, false
	case 17:
		return event{do: "advance"}, true
	case 16:
		return event{do: "restart"}, true
	case 15:
		return event{do: "rebalance", n: rapid.IntRange(1, 3).Draw(t, "instances")}, true
	case 14:
		return event{do: "crash", n: rapid.IntRange(0, running-1).Draw(t, "instance")}, true
	case 13:
		at := rapid.IntRange(int(streamstest.BeforeCommit), int(streamstest.AfterApply)).Draw(t, "at")
		if tr.atLeastOnce && at == int(streamstest.AfterProduce) {
			at++ // what was written is written again then
		}
		return event{do: "crash at", n: at}, true
	case 12:
		return event{do: "abort", n: 1}, true
	case 11:
		return event{do: "commit"}, true
	}
	e := event{source: rapid.SampledFrom(tr.plan.sources()).Draw(t, "source")}
	most := 1
	if !tr.plan.eager {
		most = 4
	}
	for range rapid.IntRange(1, most).Draw(t, "records") {
		s := &tr.plan.steps[e.source]
		keys, when := pieces[s.key], times
		if tr.calm {
			keys, when = keys[:3], calmTimes
		}
		e.pieces = append(e.pieces, piece{drawFrom(t, keys), drawFrom(t, pieces[s.value]), rapid.SampledFrom(when).Draw(t, "time"), rapid.SampledFrom([]string{"", "#x", "#y"}).Draw(t, "header")})
	}
	return e, true
}

// mostPartitions is how many a topic has at most.
const mostPartitions = 4

const latestTime = math.MaxInt64 / 1_000_000 // that can be written, in milliseconds

var times = []int64{1, 2, 3, 4, 5, 6, 3, 2, 10, 0, 1_700_000_000_000, latestTime, latestTime + 1, math.MaxInt64, -1, math.MinInt64}

var calmTimes = []int64{1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20}

var pieces = map[kind][]any{
	text:   {"a", "b", "c", "7", "12", "", "xyz", nil},
	number: {int64(1), int64(2), int64(3), int64(4), int64(0), int64(-5), int64(1000), nil, garbled{}},
}

func drawFrom(t *rapid.T, list []any) any { return rapid.SampledFrom(list).Draw(t, "what") }

// encode is the bytes of a key or a value.
func encode(x any) []byte {
	switch x := x.(type) {
	case string:
		return []byte(x)
	case int64:
		return binary.BigEndian.AppendUint64(nil, uint64(x))
	case garbled:
		return []byte{1, 2, 3}
	}
	return nil
}

// readable says that a record gets to the operators, and is not skipped.
func (p piece) readable() bool {
	return p.key != garbled{} && p.value != garbled{} && p.time >= 0 && p.time <= latestTime
}

func (tr *trial) config(t *rapid.T) streamstest.Config {
	skip := processor.Policy{Then: processor.Skip}
	cfg := streamstest.Config{
		Instances: tr.instances, AtLeastOnce: tr.atLeastOnce, CommitEvery: tr.every, ManualCommit: tr.every == 0,
		Errors: processor.Policies{Decode: skip, Process: skip}, Partitions: map[string]int{},
	}
	for _, s := range tr.plan.steps {
		switch s.op {
		case "stream", "table", "global", "to":
			cfg.Partitions[s.name] = tr.partitions
		case "to-chosen":
			cfg.Partitions[s.name+"-0"], cfg.Partitions[s.name+"-1"] = tr.partitions, tr.partitions
		}
	}
	if tr.pebble {
		dir, err := os.MkdirTemp("", "random")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		cfg.State = func(instance int) state.Backend { return lsm.Dir(filepath.Join(dir, fmt.Sprint(instance))) }
	}
	return cfg
}

// GoString shows the trial: it is what a failure prints.
func (tr *trial) GoString() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d partitions, %d instances, commit every %d", tr.partitions, tr.instances, tr.every)
	if tr.atLeastOnce {
		b.WriteString(", at least once")
	}
	if tr.pebble {
		b.WriteString(", on pebble")
	}
	fmt.Fprintf(&b, "\n%v", tr.plan)
	for _, e := range tr.events {
		if e.do != "" {
			fmt.Fprintf(&b, "%s %d\n", e.do, e.n)
			continue
		}
		fmt.Fprintf(&b, "%d gets", e.source)
		for _, p := range e.pieces {
			fmt.Fprintf(&b, " %s", record{key: p.key, value: p.value, time: p.time, header: p.header})
		}
		b.WriteByte('\n')
	}
	return b.String()
}
