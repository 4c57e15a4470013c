package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/metrics"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/state/lsm"
	"github.com/millrace-io/millrace/status"
	"github.com/millrace-io/millrace/topology"
)

// globalRig is a topology that writes to the topic "out" what the table
// "names" has under the values of the topic "in"; what it reads from the topic
// "other" it passes on to "passed", without any table.
type globalRig struct {
	rig
	table, other, passed string
	opts                 []topology.Option
}

func newGlobalRig(t *testing.T, b *kafkatest.Broker, partitions int, configs ...string) *globalRig {
	return &globalRig{
		rig:   rig{t: t, b: b, app: kafkatest.NewName(t), in: b.NewTopic(t, 2), out: b.NewTopic(t, 1)},
		table: b.NewTopic(t, partitions, append([]string{"cleanup.policy", "compact"}, configs...)...),
		other: b.NewTopic(t, 1), passed: b.NewTopic(t, 1),
	}
}

type finder struct {
	names state.ReadOnly[string, string]
}

func (p finder) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
	v, ok, err := p.names.Get(r.Value)
	if !ok {
		v = "nobody"
	}
	r.Value += " " + v
	return errors.Join(err, out.Forward(r))
}

func (r *globalRig) config() Config {
	b := topology.New()
	names := topology.GlobalTable[string, string](b, r.table, "names", r.opts...)
	in := topology.Stream[string, string](b, r.in)
	topology.To(topology.Process(in, func(ctx processor.Context) finder { return finder{names.Open(ctx)} }, topology.With(names)), r.out)
	topology.To(topology.Stream[string, string](b, r.other), r.passed)
	g, err := b.Build()
	if err != nil {
		r.t.Fatal(err)
	}
	cfg := r.rig.config()
	cfg.Graph = g
	cfg.Recorder = metrics.New(metrics.Info{App: r.app, Subtopologies: len(g.Subtopologies), Globals: []string{"names"}})
	return cfg
}

// names writes rows as "key=value"; "key=~" is a null and "~=value" has no key.
// In the topic r.table they go to the partition of their key, or the given one.
func (r *globalRig) names(rows ...string) {
	r.t.Helper()
	r.b.Produce(r.t, r.records(rows...)...)
}

func (r *globalRig) records(rows ...string) []*kgo.Record {
	var records []*kgo.Record
	for _, row := range rows {
		key, value, _ := strings.Cut(row, "=")
		rec := &kgo.Record{Topic: r.table}
		if key != "~" {
			rec.Key = []byte(key)
		}
		if value != "~" {
			rec.Value = []byte(value)
		}
		records = append(records, rec)
	}
	return records
}

// ask writes questions, and waits for all answers since the start.
func (r *globalRig) ask(questions ...string) {
	r.t.Helper()
	for _, q := range questions {
		r.b.Produce(r.t, &kgo.Record{Topic: r.in, Value: []byte(q)})
	}
}

func (r *globalRig) answers() (all []string) {
	for _, rec := range r.b.ReadCommitted(r.t, r.out) {
		all = append(all, string(rec.Value))
	}
	return all
}

// expect waits for the answers since the start, in any order.
func (r *globalRig) expect(want ...string) {
	r.t.Helper()
	var got []string
	slices.Sort(want)
	kafkatest.WaitFor(r.t, fmt.Sprintf("%d answers", len(want)), func() bool { got = r.answers(); return len(got) >= len(want) })
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Error(diff)
	}
}

func (r *globalRig) waitFilled(run *running) status.Global {
	r.t.Helper()
	kafkatest.WaitFor(r.t, "the table to be filled", func() bool {
		select {
		case err := <-run.done:
			r.t.Fatalf("ended: %v", err)
		default:
		}
		return run.globals[0].isFilled()
	})
	return run.globals[0].status()
}

func (r *globalRig) waitPosition(run *running, position int64) {
	r.t.Helper()
	kafkatest.WaitFor(r.t, fmt.Sprintf("position %d of the table", position), func() bool { return run.globals[0].position.Load() >= position })
}

// content reads all rows that an instance has.
func content(t *testing.T, i *Instance) []string {
	t.Helper()
	c := i.globals[0].store.Scan(nil, nil, false)
	defer c.Close()
	var rows []string
	for c.Next() {
		rows = append(rows, string(c.Key())+"="+string(c.Value()[8:]))
	}
	if err := c.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestGlobalTableIsFilledBeforeItIsReadAndKeptUpToDate(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newGlobalRig(t, b, 3, "cleanup.policy", "delete") // else brokers refuse null keys
		var rows, want []string
		for n := range 200 {
			rows = append(rows, fmt.Sprintf("k%d=old", n), fmt.Sprintf("k%d=v%d", n, n))
		}
		r.names(append(rows, "gone=x", "gone=~", "~=nobody", "~=~")...)
		for n := range 200 {
			r.ask(fmt.Sprintf("k%d", n))
			want = append(want, fmt.Sprintf("k%d v%d", n, n))
		}
		r.ask("gone")
		run := r.start(r.config())
		want = append(want, "gone nobody")
		r.expect(want...)
		s := r.waitFilled(run)
		if s.State != status.Running || s.Percent != 100 || s.Records != 404 || s.Dropped["null_key"] != 2 || len(s.Dropped) != 1 || s.Complete.IsZero() {
			t.Errorf("%+v", s)
		}
		r.names("k7=new", "k8=~", "late=here")
		r.waitPosition(run, 407)
		r.ask("k7", "k8", "late")
		r.expect(append(want, "k7 new", "k8 nobody", "late here")...)
		if err := run.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestEveryInstanceHasAFullCopy(t *testing.T) {
	b := kafkatest.Fake(t)
	r := newGlobalRig(t, b, 4)
	var want []string
	for n := range 50 {
		r.names(fmt.Sprintf("k%02d=v", n))
		want = append(want, fmt.Sprintf("k%02d=v", n))
	}
	one, two := r.start(r.config()), r.start(r.config())
	for _, run := range []*running{one, two} {
		r.waitFilled(run)
		if diff := cmp.Diff(want, content(t, run.Instance)); diff != "" {
			t.Error(diff)
		}
	}
	kafkatest.WaitFor(t, "both to have tasks", func() bool { return len(one.running()) > 0 && len(two.running()) > 0 })
	for n := range 20 {
		r.ask(fmt.Sprintf("k%02d", n))
	}
	kafkatest.WaitFor(t, "all answers", func() bool { return len(r.answers()) == 20 })
	for _, a := range r.answers() {
		if !strings.HasSuffix(a, " v") {
			t.Errorf("answer %q", a)
		}
	}
}

func TestOnlyTasksThatReadAGlobalTableWaitForIt(t *testing.T) {
	b := kafkatest.Fake(t)
	gate := make(chan struct{})
	r := newGlobalRig(t, b, 1)
	r.opts = []topology.Option{topology.ValueSerde(&gated{gate: gate, at: "v50"})}
	for n := range 100 {
		r.names(fmt.Sprintf("k%d=v%d", n, n))
	}
	r.ask("k99")
	run := r.start(r.config())
	b.Produce(t, &kgo.Record{Topic: r.other, Value: []byte("through")})
	kafkatest.WaitFor(t, "the task without a table", func() bool { return len(b.ReadCommitted(t, r.passed)) == 1 })
	checks := func() (lines []string) {
		for _, c := range run.Checks() {
			lines = append(lines, c.String())
		}
		return lines
	}
	// Two tasks wait; while they do, the table is less than full.
	if got := checks(); len(got) < 2 || got[0] != "[+]group ok" || !strings.HasPrefix(got[1], "[-]global names ") || !strings.HasSuffix(got[1], "%") {
		t.Errorf("checks %q", got)
	}
	if s := run.globals[0].status(); s.State != status.Restoring || s.Percent == 100 || !s.Complete.IsZero() || s.End != 100 {
		t.Errorf("%+v", s)
	}
	if n := len(run.running()); n != 1 {
		t.Errorf("%d tasks run", n)
	}
	if got := r.answers(); got != nil {
		t.Errorf("answers of a table that is not filled: %q", got)
	}
	close(gate)
	r.expect("k99 v99")
	kafkatest.WaitFor(t, "readiness", func() bool {
		return !slices.ContainsFunc(run.Checks(), func(c status.Check) bool { return !c.OK })
	})
	if got := checks(); !slices.Contains(got, "[+]global names ok") {
		t.Errorf("checks %q", got)
	}
}

// gated is a serde of strings that waits at one value.
type gated struct {
	gate <-chan struct{}
	at   string
}

func (g *gated) Append(dst []byte, v string) ([]byte, error) { return append(dst, v...), nil }

func (g *gated) Decode(b []byte) (string, error) {
	if string(b) == g.at {
		<-g.gate
	}
	return string(b), nil
}

func TestStopWhileAGlobalTableIsFilled(t *testing.T) {
	b := kafkatest.Fake(t)
	r := newGlobalRig(t, b, 1)
	r.opts = []topology.Option{
		topology.ValueSerde(refuses{}), topology.OnDecodeError(processor.Policy{Retries: 1 << 30, Backoff: time.Hour}),
	}
	r.names("a=1", "b=bad")
	r.ask("a")
	run := r.start(r.config())
	kafkatest.WaitFor(t, "the record that is tried again", func() bool { return run.globals[0].records.Load() == 1 })
	if err := run.stop(); err != nil {
		t.Error(err)
	}
}

// refuses is a serde of strings that cannot decode "bad".
type refuses struct{}

func (refuses) Append(dst []byte, v string) ([]byte, error) { return append(dst, v...), nil }

func (refuses) Decode(b []byte) (string, error) {
	if string(b) == "bad" {
		return "", errors.New("it is bad")
	}
	return string(b), nil
}

func TestGlobalTableGoesOnFromItsStateFolder(t *testing.T) {
	b := kafkatest.Fake(t)
	r := newGlobalRig(t, b, 2)
	dir := t.TempDir()
	start := func() *running {
		cfg := r.config()
		cfg.State = lsm.Dir(dir)
		return r.start(cfg)
	}
	r.names("a=1", "b=1", "c=1")
	run := start()
	r.waitFilled(run)
	r.names("b=2")
	r.waitPosition(run, 4)
	if err := run.stop(); err != nil {
		t.Fatal(err)
	}
	r.names("c=~", "d=4")
	run = start()
	if s := r.waitFilled(run); s.Records != 2 {
		t.Errorf("%d records read after the restart, want the 2 new ones", s.Records)
	}
	if diff := cmp.Diff([]string{"a=1", "b=2", "d=4"}, content(t, run.Instance)); diff != "" {
		t.Error(diff)
	}
	if err := run.stop(); err != nil {
		t.Fatal(err)
	}
	// A crash before the positions were kept: the rows are newer than those.
	run = start()
	r.waitFilled(run)
	before, _, err := run.db.Meta(run.globals[0].metaKey())
	if err != nil {
		t.Fatal(err)
	}
	r.names("a=5", "d=~")
	r.waitPosition(run, 8)
	if err := run.stop(); err != nil {
		t.Fatal(err)
	}
	r.setMeta(dir, before)
	run = start()
	if s := r.waitFilled(run); s.Records != 2 {
		t.Errorf("%d records read again, want 2", s.Records)
	}
	if diff := cmp.Diff([]string{"a=5", "b=2"}, content(t, run.Instance)); diff != "" {
		t.Error(diff)
	}
	// What was stored at a position that is unknown is not used.
	if err := run.stop(); err != nil {
		t.Fatal(err)
	}
	r.setMeta(dir, []byte("damaged"))
	run = start()
	if s := r.waitFilled(run); s.Records != 8 {
		t.Errorf("%d records read, want all 8", s.Records)
	}
	if diff := cmp.Diff([]string{"a=5", "b=2"}, content(t, run.Instance)); diff != "" {
		t.Error(diff)
	}
}

// setMeta changes what a state folder keeps of the table.
func (r *globalRig) setMeta(dir string, value []byte) {
	r.t.Helper()
	db, err := lsm.Dir(dir).Open(r.t.Context(), state.Options{App: r.app})
	if err == nil {
		err = errors.Join(db.SetMeta("global:names", value), db.Close())
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// deleteAll deletes all that is in the table's topic.
func (r *globalRig) deleteAll() {
	r.t.Helper()
	offsets := make(kadm.Offsets)
	for p, end := range r.b.EndOffsets(r.t, r.table) {
		offsets.Add(kadm.Offset{Topic: r.table, Partition: p, At: end, LeaderEpoch: -1})
	}
	deleted, err := r.b.Admin(r.t).DeleteRecords(r.t.Context(), offsets)
	if err = errors.Join(err, deleted.Error()); err != nil {
		r.t.Fatal(err)
	}
}

func TestGlobalTableThatIsTooOldOrOfAnotherTopicIsFilledAnew(t *testing.T) {
	for name, c := range map[string]struct {
		configs []string
		change  func(r *globalRig)
	}{
		"recreated": {nil, func(r *globalRig) {
			r.b.DeleteTopic(r.t, r.table)
			r.b.CreateTopic(r.t, r.table, 2)
			r.names("new=1", "other=1", "x=1", "y=1", "z=1")
		}},
		"recreated with fewer partitions": {nil, func(r *globalRig) {
			r.b.DeleteTopic(r.t, r.table)
			r.b.CreateTopic(r.t, r.table, 1)
			r.names("new=1", "other=1", "x=1", "y=1", "z=1")
		}},
		"too old":      {[]string{"delete.retention.ms", "1"}, func(r *globalRig) { r.names("new=1") }},
		"out of range": {nil, func(r *globalRig) { r.names("new=1"); r.deleteAll() }},
	} {
		t.Run(name, func(t *testing.T) {
			b := kafkatest.Fake(t)
			r := newGlobalRig(t, b, 2, c.configs...)
			dir := t.TempDir()
			cfg := r.config()
			cfg.State = lsm.Dir(dir)
			r.names("a=1", "b=1")
			run := r.start(cfg)
			r.waitFilled(run)
			if err := run.stop(); err != nil {
				t.Fatal(err)
			}
			c.change(r)
			cfg = r.config()
			cfg.State = lsm.Dir(dir)
			run = r.start(cfg)
			r.waitFilled(run)
			var want []string
			for _, rec := range b.ReadCommitted(t, r.table) {
				want = append(want, string(rec.Key)+"="+string(rec.Value))
			}
			slices.Sort(want)
			if diff := cmp.Diff(want, content(t, run.Instance)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRecordThatCannotBeDecodedEndsRun(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newGlobalRig(t, b, 1)
		r.opts = []topology.Option{topology.ValueSerde(refuses{})}
		r.names("a=1")
		run := r.start(r.config())
		r.waitFilled(run)
		r.names("b=2", "c=bad", "d=4")
		err := r.ends(run)
		var e *processor.Error
		if !errors.As(err, &e) || e.Class != processor.Decode || e.Node != "names" || e.Topic != r.table || e.Partition != 0 || e.Offset != 2 {
			t.Fatalf("%v", err)
		}
		if !strings.Contains(err.Error(), "it is bad") || strings.Contains(err.Error(), "task") {
			t.Error(err)
		}
	})
}

func TestSkippedRecordsOfAGlobalTableAreCounted(t *testing.T) {
	b := kafkatest.Fake(t)
	r := newGlobalRig(t, b, 1)
	r.opts = []topology.Option{topology.ValueSerde(refuses{})}
	r.names("a=1", "b=bad", "a=bad", "c=3")
	cfg := r.config()
	cfg.Policies = processor.Policies{Decode: processor.Policy{Then: processor.DeadLetter}, DeadLetterTopic: r.passed}
	var told []string
	cfg.Observer.OnError = func(e *processor.Error, a processor.Action) { told = append(told, fmt.Sprint(e.Offset, a)) }
	run := r.start(cfg)
	if s := r.waitFilled(run); s.Dropped["skipped"] != 2 {
		t.Errorf("%+v", s)
	}
	if diff := cmp.Diff([]string{"a=1", "c=3"}, content(t, run.Instance)); diff != "" {
		t.Error(diff)
	}
	if err := run.stop(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"1 skip", "2 skip"}, told); diff != "" {
		t.Error(diff)
	}
	if n := cfg.Recorder.Store("names").Dropped("skipped").Load(); n != 2 {
		t.Errorf("metrics count %d", n)
	}
}

func TestPartitionsOfAGlobalTableThatComeLater(t *testing.T) {
	b := kafkatest.Fake(t)
	r := newGlobalRig(t, b, 1)
	r.names("a=1")
	run := r.start(r.config())
	r.waitFilled(run)
	grow(t, b, r.table, 3)
	for n := range 30 {
		r.names(fmt.Sprintf("k%02d=v", n))
	}
	kafkatest.WaitFor(t, "the rows of all partitions", func() bool { return len(content(t, run.Instance)) == 31 })
	if n := len(run.running()); n != 3 {
		t.Errorf("%d tasks run", n)
	}
}

func TestGlobalTableWhoseTopicIsGone(t *testing.T) {
	t.Run("at the start", func(t *testing.T) {
		b := kafkatest.Fake(t)
		r := newGlobalRig(t, b, 1)
		r.table = "no-such-topic"
		run := r.start(r.config())
		err := r.ends(run)
		if err == nil || !strings.Contains(err.Error(), "topic no-such-topic does not exist: create it before the application starts") || !strings.Contains(err.Error(), "global_test.go:") {
			t.Error(err)
		}
	})
	t.Run("while running", func(t *testing.T) {
		b := kafkatest.Fake(t)
		r := newGlobalRig(t, b, 1)
		r.names("a=1")
		run := r.start(r.config())
		r.waitFilled(run)
		b.DeleteTopic(t, r.table)
		b.CreateTopic(t, r.table, 1)
		err := r.ends(run)
		var e *processor.Error
		if !errors.As(err, &e) || e.Class != processor.Restore || e.Topic != r.table || !strings.Contains(err.Error(), "a restart reads the topic anew") {
			t.Error(err)
		}
	})
}

// Readers never get to see the end of this topic: aborted records, and the
// marker behind them is that of an abort.
func TestGlobalTableIsFilledThoughItsTopicEndsWithAbortedRecords(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newGlobalRig(t, b, 1)
		r.names("a=1")
		cl := b.Client(t, kgo.TransactionalID(kafkatest.NewName(t)))
		for _, end := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort} {
			if err := cl.BeginTransaction(); err != nil {
				t.Fatal(err)
			}
			if err := cl.ProduceSync(t.Context(), r.records("b=2", "a="+fmt.Sprint(end))...).FirstErr(); err != nil {
				t.Fatal(err)
			}
			if err := cl.EndTransaction(context.Background(), end); err != nil {
				t.Fatal(err)
			}
		}
		run := r.start(r.config())
		r.waitFilled(run)
		if diff := cmp.Diff([]string{"a=true", "b=2"}, content(t, run.Instance)); diff != "" {
			t.Error(diff)
		}
	})
}

// ends waits until an instance ends by itself and returns what Run returned.
func (r *globalRig) ends(run *running) error {
	r.t.Helper()
	select {
	case err := <-run.done:
		run.done <- err // for stop
		return err
	case <-time.After(kafkatest.WaitTimeout):
		r.t.Fatal("still running")
		return nil
	}
}
