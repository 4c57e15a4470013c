package topology_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// held is a table of the values of each key, joined; "clear" deletes a row.
func held(b *topology.Builder, opts ...topology.Option) topology.KTable[string, string] {
	in := topology.Stream[string, string](b, "in")
	return topology.ReduceErr(topology.GroupByKey(in), "rows", func(row, value string) (string, error) {
		if value == "clear" {
			return "", processor.Null
		}
		return row + value, nil
	}, opts...)
}

// changesTo has a table's changes written to a list as "key:old>new".
func changesTo(table topology.KTable[string, string], list *[]string) {
	show := func(row string, has bool) string {
		if !has {
			return "~"
		}
		return row
	}
	topology.ChangesOf(table, func(key string, c graph.Change[string]) {
		*list = append(*list, key+":"+show(c.Old, c.HasOld)+">"+show(c.New, c.HasNew))
	})
}

// emission drives a table with commits and a clock by hand.
type emission struct {
	*streamstest.Driver
	in      *streamstest.Input[string, string]
	out     *streamstest.Output[string, string]
	changes []string
}

func emit(t *testing.T, opts ...topology.Option) *emission {
	t.Helper()
	e := &emission{}
	b := topology.New()
	table := held(b, opts...)
	topology.To(table.ToStream(), "out")
	changesTo(table, &e.changes)
	e.Driver = streamstest.New(t, b, streamstest.Config{ManualCommit: true})
	e.in, e.out = streamstest.In[string, string](e.Driver, "in"), streamstest.Out[string, string](e.Driver, "out")
	return e
}

// send pipes records given as "key=value@time".
func (e *emission) send(records ...string) {
	for _, r := range records {
		in := parse(r)
		e.in.PipeAt(string(in.Key), string(in.Value), in.Time)
	}
}

// want compares what has been committed and sent on since the last call.
func (e *emission) want(t *testing.T, out, changes string) {
	t.Helper()
	if got := e.out.Text(); got != out {
		t.Errorf("out %s\nwant %s", got, out)
	}
	if got := strings.Join(e.changes, " "); got != changes {
		t.Errorf("changes %s\nwant    %s", got, changes)
	}
	e.changes = nil
}

func TestLatestOfEachCommit(t *testing.T) {
	e := emit(t, topology.EmitLatest(0))
	e.send("b=1@5", "a=1@2", "b=2@9", "b=3@4")
	e.want(t, "", "")
	e.Commit()
	e.want(t, "b=123@9, a=1@2", "b:~>123 a:~>1") // in the order of their first changes
	e.Commit()
	e.want(t, "", "")
	e.send("a=2@20", "b=clear@21", "c=1@22", "c=clear@23", "a=3@24")
	e.Commit()
	e.want(t, "a=123@24, b=null@21", "a:1>123 b:123>~") // c came and went
	e.send("b=clear@30", "b=clear@31")                  // the row is the value: there was none
	e.Commit()
	e.want(t, "", "")
}

func TestLatestOfACommitThatIsAborted(t *testing.T) {
	for _, step := range []streamstest.Step{streamstest.BeforeCommit, streamstest.AfterFreeze, streamstest.AfterProduce} {
		e := emit(t, topology.EmitLatest(0))
		e.send("a=1@1")
		e.Commit()
		e.send("a=2@2", "b=1@3")
		e.changes = nil
		e.CrashAt(step)
		e.Commit()
		e.send("a=3@4")
		e.Commit()
		latest := map[string]string{}
		for _, r := range e.out.Rest() {
			if strings.HasPrefix(latest[r.Key], r.Value) && r.Value == latest[r.Key] {
				t.Errorf("%s: %s=%s was sent twice", step, r.Key, r.Value)
			}
			latest[r.Key] = r.Value
		}
		if diff := cmp.Diff(map[string]string{"a": "123", "b": "1"}, latest); diff != "" {
			t.Errorf("%s: %s", step, diff)
		}
	}
}

// A record that fails has changed nothing that is held back.
func TestLatestForgetsWhatARecordTakesBack(t *testing.T) {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	table := topology.Reduce(topology.GroupByKey(in), "rows", func(row, value string) string { return row + value }, topology.EmitLatest(0))
	topology.To(table.ToStream(), "out")
	in.ForEachErr(func(_, v string) error {
		if v == "bad" {
			return errTest
		}
		return nil
	})
	d := streamstest.New(t, b, streamstest.Config{
		ManualCommit: true, Errors: processor.Policies{Process: processor.Policy{Then: processor.Skip}},
	})
	records, out := streamstest.In[string, string](d, "in"), streamstest.Out[string, string](d, "out")
	records.PipeAt("a", "bad", 1) // the first change of a
	records.PipeAt("b", "1", 2)
	records.PipeAt("b", "bad", 99) // would be the time of b
	records.PipeAt("a", "1", 3)
	records.PipeAt("c", "bad", 4)
	d.Commit()
	if got, want := out.Text(), "b=1@2, a=1@3"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A flush that fails and is skipped is tried again with the next commit.
func TestLatestIsKeptWhenSendingItFails(t *testing.T) {
	b := topology.New()
	table := held(b, topology.EmitLatest(0))
	fails := true
	topology.To(topology.MapValuesErr(table.ToStream(), func(v string) (string, error) {
		if fails && v == "2" {
			return "", errTest
		}
		return v, nil
	}), "out")
	d := streamstest.New(t, b, streamstest.Config{
		ManualCommit: true, Errors: processor.Policies{Punctuate: processor.Policy{Then: processor.Skip}},
	})
	records, out := streamstest.In[string, string](d, "in"), streamstest.Out[string, string](d, "out")
	records.PipeAt("a", "1", 1)
	records.PipeAt("b", "2", 2)
	d.Commit()
	if got := out.Text(); got != "" {
		t.Errorf("half of a flush that failed was committed: %s", got)
	}
	fails = false
	records.PipeAt("c", "3", 3)
	d.Commit()
	if got, want := out.Text(), "a=1@1, b=2@2, c=3@3"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestLatestAsksForACommitWhenItHoldsMuch(t *testing.T) {
	e := emit(t, topology.EmitLatest(0))
	for i := range 3000 {
		e.send(strings.Repeat("k", 1000) + strconv.Itoa(i) + "=v@1")
	}
	if n := e.out.Len(); n < 1000 || n >= 3000 {
		t.Errorf("%d rows were sent on before a commit by hand", n)
	}
}

// Nodes that hold back behind one another send on in one flush.
func TestLatestBehindLatest(t *testing.T) {
	b := topology.New()
	table := held(b, topology.EmitLatest(0))
	lengths := topology.Count(topology.GroupTable(table, func(_, row string) pair { return pair{Key: strconv.Itoa(len(row)), Value: row} }), "lengths", topology.EmitLatest(0))
	topology.To(lengths.ToStream(), "out")
	d := streamstest.New(t, b, streamstest.Config{ManualCommit: true})
	records, out := streamstest.In[string, string](d, "in"), streamstest.Out[string, int64](d, "out")
	for _, r := range []string{"a=1@1", "a=2@2", "b=1@3", "b=3@4"} {
		in := parse(r)
		records.PipeAt(string(in.Key), string(in.Value), in.Time)
	}
	d.Commit()
	d.Commit() // behind the repartition topic
	if got, want := out.Text(), "2=2@4"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestLatestOfEachInterval(t *testing.T) {
	e := emit(t, topology.EmitLatest(10*time.Second))
	e.send("b=1@5", "a=1@2")
	e.Commit()
	e.send("b=2@9", "c=1@10", "c=clear@11")
	e.Commit()
	e.Advance(9 * time.Second)
	e.Commit()
	e.want(t, "", "")
	e.Advance(time.Second)
	e.want(t, "", "a:~>1 b:~>12") // in the order of their keys
	e.Commit()
	e.want(t, "a=1@2, b=12@9", "")
	e.Advance(10 * time.Second)
	e.Commit()
	e.want(t, "", "")
	e.send("b=clear@30", "a=2@31")
	e.Commit()
	e.Advance(time.Hour) // missed intervals are made up for one by one, nothing is sent twice
	e.Commit()
	e.want(t, "a=12@31, b=null@30", "a:1>12 b:12>~")
	if got := len(e.logOf("rows-emit")); got == 0 {
		t.Error("what is held back is not logged")
	}
}

// logOf are the records of a store's changelog.
func (e *emission) logOf(store string) []streamstest.Record[[]byte, []byte] {
	return streamstest.Out[[]byte, []byte](e.Driver, e.ChangelogTopic(store)).All()
}

// What was held back, and what was sent on of it before, survives a crash.
func TestLatestOfAnIntervalSurvivesACrash(t *testing.T) {
	for step := streamstest.BeforeCommit; step <= streamstest.AfterApply; step++ {
		e := emit(t, topology.EmitLatest(10*time.Second))
		e.send("a=1@1")
		e.Advance(10 * time.Second)
		e.Commit()
		e.want(t, "a=1@1", "a:~>1")
		e.send("a=2@2", "b=1@3")
		e.Commit()
		e.Crash()
		e.changes = nil
		e.Advance(10 * time.Second) // due, and the commit of it fails
		e.CrashAt(step)
		e.Commit()
		e.Advance(10*time.Second - time.Millisecond)
		e.Commit()
		if got, want := e.out.Text(), "a=12@2, b=1@3"; got != want {
			t.Errorf("%s: out %s, want %s", step, got, want)
		}
		if len(e.changes) < 2 || e.changes[0] != "a:1>12" {
			t.Errorf("%s: changes %s", step, e.changes)
		}
	}
}

// An interval whose transaction was lost is made up for at the start, and not a
// whole interval later.
func TestIntervalThatWasLostIsMadeUpFor(t *testing.T) {
	for _, opt := range []topology.Option{topology.EmitLatest(10 * time.Second), topology.EmitSnapshot(10 * time.Second)} {
		e := emit(t, opt)
		e.send("a=1@1")
		e.Commit()
		e.Advance(13 * time.Second) // it was due at 10 s
		e.Crash()
		e.Advance(time.Millisecond)
		e.Commit()
		if got, want := e.out.Text(), "a=1@1"; got != want {
			t.Errorf("out %s, want %s", got, want)
		}
		e.send("a=2@2")
		e.Commit()
		e.Advance(6998 * time.Millisecond) // 19,999 ms
		e.Commit()
		if got := e.out.Text(); got != "" {
			t.Errorf("early: %s", got)
		}
		e.Advance(time.Millisecond)
		e.Commit()
		if got, want := e.out.Text(), "a=12@2"; got != want {
			t.Errorf("out %s, want %s", got, want)
		}
	}
}

func TestSnapshotOfEachInterval(t *testing.T) {
	e := emit(t, topology.EmitSnapshot(10*time.Second))
	e.send("b=1@5", "a=1@2", "b=2@9")
	e.Commit()
	e.want(t, "", "")
	e.Advance(10 * time.Second)
	e.Commit()
	e.want(t, "a=1@2, b=12@9", "a:~>1 b:~>12")
	e.send("c=1@3", "b=clear@11") // the second one not committed yet
	e.Advance(10 * time.Second)
	e.Commit()
	e.want(t, "a=1@2, c=1@3", "a:~>1 c:~>1")
	e.Crash()
	e.changes = nil
	e.Advance(10 * time.Second)
	e.Commit()
	e.want(t, "a=1@2, c=1@3", "a:~>1 c:~>1")
}

// A table that was filtered and mapped shows its own snapshot.
func TestSnapshotOfADerivedTable(t *testing.T) {
	b := topology.New()
	long := held(b, topology.EmitSnapshot(time.Second)).Filter(func(_, row string) bool { return len(row) > 1 })
	topology.To(topology.MapTable(long, func(row string) int64 { return int64(len(row)) }).ToStream(), "out")
	d := streamstest.New(t, b, streamstest.Config{})
	records, out := streamstest.In[string, string](d, "in"), streamstest.Out[string, int64](d, "out")
	records.PipeAt("a", "1", 1)
	records.PipeAt("b", "1", 2)
	records.PipeAt("b", "2", 3)
	d.Advance(2 * time.Second)
	if got, want := out.Text(), "b=2@3, b=2@3"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Whatever is held back, whenever there is a commit, and whichever instance
// goes down: who follows a table ends up with its rows.
func TestEmissionsConvergeInTheWholeMatrix(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	var records []string
	for i := range 60 {
		value := string(rune('a' + rnd.IntN(26)))
		if rnd.IntN(6) == 0 {
			value = "clear"
		}
		records = append(records, fmt.Sprintf("%c=%s@%d", 'k'+rnd.IntN(5), value, i))
	}
	// What a crash takes back at the end of the interval is made up for right
	// after it.
	interval := func(d *streamstest.Driver) {
		d.Advance(time.Minute - d.Now().Sub(time.UnixMilli(0))%time.Minute)
		for range 3 {
			d.Commit()
			d.Advance(time.Millisecond)
		}
	}
	streamstest.Matrix(t, streamstest.Config{Partitions: map[string]int{"in": 3}}, func(cfg streamstest.Config) *streamstest.Driver {
		b := topology.New()
		topology.To(held(b, topology.EmitLatest(time.Minute)).ToStream(), "out")
		d := streamstest.New(t, b, cfg)
		d.Commit() // the time from which intervals count
		in := streamstest.In[string, string](d, "in")
		for i, r := range records {
			rec := parse(r)
			in.PipeAt(string(rec.Key), string(rec.Value), rec.Time)
			if i == len(records)/2 {
				interval(d)
			}
		}
		interval(d)
		return d
	})
}
