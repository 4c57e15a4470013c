package task

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
)

// GlobalConfig is what a Global is made of.
type GlobalConfig struct {
	Global *graph.Global
	Store  state.Store
	// Policies has the policy for records that cannot be decoded, unless the
	// table has its own.
	Policies processor.Policies
	// OnError, if set, is told about every failed attempt and what is done
	// about it.
	OnError func(*processor.Error, processor.Action)
}

// Global writes the records of a global table's topic into the table's store.
// It belongs to one goroutine, save the counters.
type Global struct {
	cfg        GlobalConfig
	head       graph.Head
	row        graph.GlobalRow
	batch      state.Batch
	meta       graph.Meta
	partitions map[int32]*globalPartition

	// What was dropped, by reason.
	NullKey, NegativeTime, Skipped atomic.Uint64
}

// globalPartition is what a Global knows of one partition.
type globalPartition struct {
	number int32
	time   int64 // the highest event time, -1 for none
	bad    badRecord
}

// badRecord is what has been done about a record that cannot be decoded.
type badRecord struct {
	attempts   int // 0: there is none
	offset     int64
	null       bool // its value is to be taken as null
	replaced   bool
	key, value []byte // that take its place
}

// globalBatchBytes is the size of a batch beyond which it is written.
const globalBatchBytes = 1 << 20

// NewGlobal makes a Global. Nothing is written yet.
func NewGlobal(cfg GlobalConfig) *Global {
	g := &Global{cfg: cfg, partitions: map[int32]*globalPartition{}}
	g.head = cfg.Global.NewHead(&g.row)
	return g
}

// Time is the highest event time of a partition so far, -1 if there was none.
func (g *Global) Time(partition int32) int64 { return g.partition(partition).time }

// SetTime sets what Time returns, for a table that was filled before.
func (g *Global) SetTime(partition int32, ms int64) { g.partition(partition).time = ms }

func (g *Global) partition(number int32) *globalPartition {
	p := g.partitions[number]
	if p == nil {
		p = &globalPartition{number: number, time: -1}
		g.partitions[number] = p
	}
	return p
}

// Apply writes records of one partition, in order, and says how many of them
// are done. If that is not all and err is nil, the rest is to be given to Apply
// again, after wait: the next record is tried once more. An error is a
// *processor.Error if a record failed. p goes with every batch written.
//
// Records may be applied again, from any earlier one on: in the end the rows
// are the same.
func (g *Global) Apply(partition int32, records []graph.Input, p state.Position) (done int, wait time.Duration, err error) {
	from := g.partition(partition)
	g.batch.Reset()
	for done < len(records) {
		var ok bool
		ok, wait, err = g.add(from, &records[done])
		if !ok {
			break
		}
		done++
		if g.batch.Bytes() >= globalBatchBytes {
			if err := g.write(p); err != nil {
				return 0, 0, err
			}
		}
	}
	return done, wait, errors.Join(g.write(p), err)
}

func (g *Global) write(p state.Position) error {
	if g.batch.Len() == 0 {
		return nil
	}
	err := g.cfg.Store.Apply(&g.batch, p)
	g.batch.Reset()
	if err != nil {
		return fmt.Errorf("global table %s: %w", g.cfg.Global.Name, err)
	}
	return nil
}

// add turns a record into a write. ok says that it is done with.
func (g *Global) add(p *globalPartition, in *graph.Input) (ok bool, wait time.Duration, err error) {
	if in.Control {
		return true, 0, nil
	}
	null := false
	if b := &p.bad; b.attempts > 0 && b.offset == in.Offset {
		null = b.null
		if b.replaced {
			other := *in
			other.Key, other.Value = b.key, b.value
			in = &other
		}
	}
	if in.Key == nil {
		g.NullKey.Add(1)
		return true, 0, nil
	}
	ms, err := g.load(p, in, null)
	if err != nil {
		return g.settle(p, in, null, err)
	}
	switch {
	case ms < 0:
		g.NegativeTime.Add(1)
		return true, 0, nil
	case !g.row.HasKey: // a null that is not written as one
		g.NullKey.Add(1)
		return true, 0, nil
	}
	p.time = max(p.time, ms)
	slab := append(g.batch.Slab(), g.row.Key...)
	if gone := null || in.Value == nil; gone {
		g.batch.Commit(slab, len(g.row.Key), true, ms)
	} else {
		slab = append(binary.BigEndian.AppendUint64(slab, uint64(ms)), in.Value...)
		g.batch.Commit(slab, len(g.row.Key), false, ms)
	}
	return true, 0, nil
}

// load decodes a record into row, all of it: what cannot be decoded must not
// come up in a look-up. It returns the event time.
func (g *Global) load(p *globalPartition, in *graph.Input, null bool) (ms int64, err error) {
	defer catch(&err)
	if null {
		ms, err = g.head.LoadNull(in, p.time)
	} else {
		ms, err = g.head.Load(in, p.time)
	}
	if err != nil || ms < 0 {
		return ms, err
	}
	g.meta = graph.Meta{Time: ms, Headers: in.Headers}
	return ms, g.head.Deliver(&g.meta)
}

// settle does what the policy says about a record that cannot be decoded.
// There is no task in whose transaction a dead letter could be written, and
// each instance would write one: it is skipped instead.
func (g *Global) settle(p *globalPartition, in *graph.Input, null bool, cause error) (ok bool, wait time.Duration, _ error) {
	if p.bad.offset != in.Offset {
		p.bad = badRecord{offset: in.Offset}
	}
	p.bad.attempts++
	table := g.cfg.Global
	e := &processor.Error{
		Class: processor.Decode, Task: processor.TaskID{Subtopology: -1, Partition: -1}, Node: table.Name,
		Topic: table.Topic(), Partition: p.number, Offset: in.Offset, Attempt: p.bad.attempts, Err: cause,
	}
	var panicked *panicError
	if errors.As(cause, &panicked) {
		e.Stack = panicked.stack
	}
	e.Hint = hint(e)
	policy := &g.cfg.Policies.Decode
	if table.Source.Decode != nil {
		policy = table.Source.Decode
	}
	d, err := decide(policy, e)
	if err == nil && d.Action == processor.NullValue && null {
		err = errNullTwice
	}
	switch d.Action {
	case processor.DeadLetter:
		d.Action = processor.Skip
	case processor.Fail, processor.Skip, processor.Retry, processor.Replace, processor.NullValue:
	default:
		err = errors.Join(err, fmt.Errorf("%s is no action", d.Action))
	}
	if err != nil {
		d.Action = processor.Fail
		e.Err = fmt.Errorf("%w (%w)", e.Err, err)
	}
	if g.cfg.OnError != nil {
		g.cfg.OnError(e, d.Action)
	}
	switch d.Action {
	case processor.Skip:
		g.Skipped.Add(1)
		return true, 0, nil
	case processor.Retry:
		return false, backoff(policy.Backoff, e.Attempt), nil
	case processor.NullValue:
		p.bad.null = true
	case processor.Replace:
		p.bad.replaced, p.bad.null, p.bad.key, p.bad.value = true, false, d.Key, d.Value
	default:
		return false, 0, e
	}
	return false, 0, nil
}
