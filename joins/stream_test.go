package joins_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/state/lsm"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

type stream = topology.KStream[string, string]

func orNone(v processor.Maybe[string]) string {
	if !v.OK {
		return "-"
	}
	return v.Value
}

// kinds join the streams of texts, and write what comes out and what came late.
var kinds = map[string]func(left, right stream, w joins.Window){
	"inner": func(left, right stream, w joins.Window) {
		writeAll(joins.Inner(left, right, "joined", w, func(_, l, r string) string { return l + "|" + r }))
	},
	"left": func(left, right stream, w joins.Window) {
		writeAll(joins.Left(left, right, "joined", w, func(_, l string, r processor.Maybe[string]) string { return l + "|" + orNone(r) }))
	},
	"right": func(left, right stream, w joins.Window) {
		writeAll(joins.Right(left, right, "joined", w, func(_ string, l processor.Maybe[string], r string) string { return orNone(l) + "|" + r }))
	},
	"outer": func(left, right stream, w joins.Window) {
		writeAll(joins.Outer(left, right, "joined", w, func(_ string, l, r processor.Maybe[string]) string { return orNone(l) + "|" + orNone(r) }))
	},
	"semi": func(left, right stream, w joins.Window) { writeAll(joins.Semi(left, right, "joined", w)) },
	"anti": func(left, right stream, w joins.Window) { writeAll(joins.Anti(left, right, "joined", w)) },
}

func writeAll(s joins.Stream[string, string, string, string]) {
	topology.To(s, "out")
	topology.To(s.LateLeft(), "late-left")
	topology.To(s.LateRight(), "late-right")
}

// record is one of either side; a key of "" is a null.
type record struct {
	left  bool
	key   string
	value string
	at    int64
}

// bounds are a window in milliseconds.
type bounds struct {
	before, after, lateLeft, lateRight int64
	openStart, openEnd                 bool
}

func (w bounds) window() joins.Window {
	ms := func(n int64) time.Duration {
		if n == forever {
			return joins.Forever
		}
		return time.Duration(n) * time.Millisecond
	}
	j := joins.Between(ms(w.before), ms(w.after)).Lateness(ms(w.lateLeft), ms(w.lateRight))
	if w.openStart {
		j = j.ExclusiveStart()
	}
	if w.openEnd {
		j = j.ExclusiveEnd()
	}
	return j
}

const forever = 1 << 50

// match says whether a left record and a right one are near each other.
func (w bounds) match(l, r record) bool {
	apart := r.at - l.at
	return l.key == r.key && l.key != "" && (apart > -w.before || apart == -w.before && !w.openStart) && (apart < w.after || apart == w.after && !w.openEnd)
}

// expect is what a join of all records gives, by topic: each left one with each
// right one, but for those that are late when they come.
func expect(kind string, w bounds, records []record) map[string][]string {
	out := map[string][]string{}
	add := func(topic, key, value string, at int64) {
		if key == "" {
			key = "null"
		}
		out[topic] = append(out[topic], fmt.Sprintf("%s=%s@%d", key, value, at))
	}
	var lefts, rights []record
	now := int64(-1)
	for _, r := range records {
		now = max(now, r.at)
		switch {
		case r.key == "" && (r.left && kind != "left" && kind != "outer" && kind != "anti" || !r.left && kind != "right" && kind != "outer"):
		case r.key == "" && kind == "anti":
			add("out", "", r.value, r.at)
		case r.key == "" && r.left:
			add("out", "", r.value+"|-", r.at)
		case r.key == "":
			add("out", "", "-|"+r.value, r.at)
		case r.left && r.at < now-w.lateLeft:
			add("late-left", r.key, r.value, r.at)
		case !r.left && r.at < now-w.lateRight:
			add("late-right", r.key, r.value, r.at)
		case r.left:
			lefts = append(lefts, r)
		default:
			rights = append(rights, r)
		}
	}
	upper, lower := w.after, w.before
	if w.openEnd {
		upper--
	}
	if w.openStart {
		lower--
	}
	matched := map[string]bool{}
	for _, l := range lefts {
		n := 0
		for _, r := range rights {
			if !w.match(l, r) {
				continue
			}
			n++
			matched[r.value] = true
			if kind != "semi" && kind != "anti" {
				add("out", l.key, l.value+"|"+r.value, max(l.at, r.at))
			}
		}
		decided := l.at+upper+w.lateRight < now
		switch {
		case n > 0 && kind == "semi", n == 0 && decided && kind == "anti":
			add("out", l.key, l.value, l.at)
		case n == 0 && decided && (kind == "left" || kind == "outer"):
			add("out", l.key, l.value+"|-", l.at)
		}
	}
	for _, r := range rights {
		if !matched[r.value] && r.at+lower+w.lateLeft < now && (kind == "right" || kind == "outer") {
			add("out", r.key, "-|"+r.value, r.at)
		}
	}
	for _, rows := range out {
		slices.Sort(rows)
	}
	return out
}

// joining is a join of two parts of one topic: the order in which records are
// read again after a crash is the one in which they came.
func joining(kind string, w joins.Window) *topology.Builder {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	part := func(side string) stream {
		return in.Filter(func(_, v string) bool { return strings.HasPrefix(v, side) })
	}
	kinds[kind](part("l"), part("r"), w)
	return b
}

func pipe(d *streamstest.Driver, r record) {
	streamstest.In[string, string](d, "in").Send(processor.Record[string, string]{Key: r.key, HasKey: r.key != "", Value: r.value, HasValue: true, Time: r.at})
}

// outputs are the committed records of a topic, sorted.
func outputs(d *streamstest.Driver, topic string) (rows []string) {
	for _, r := range streamstest.Out[string, string](d, topic).Rest() {
		rows = append(rows, r.String())
	}
	slices.Sort(rows)
	return rows
}

func drawBounds(r *rapid.T, kind string) bounds {
	w := bounds{
		before: rapid.Int64Range(-6, 12).Draw(r, "before"), lateLeft: rapid.Int64Range(0, 15).Draw(r, "left lateness"), lateRight: rapid.Int64Range(0, 15).Draw(r, "right lateness"),
		openStart: rapid.Bool().Draw(r, "open start"), openEnd: rapid.Bool().Draw(r, "open end"),
	}
	w.after = rapid.Int64Range(2-w.before, 14).Draw(r, "after")
	switch side := rapid.IntRange(0, 9).Draw(r, "forever"); {
	case side == 0 && (kind == "inner" || kind == "left" || kind == "semi" || kind == "anti"):
		w.before = forever
	case side == 1 && (kind == "inner" || kind == "right" || kind == "semi"):
		w.after = forever
	}
	return w
}

func drawRecords(r *rapid.T, most int) (records []record) {
	at := int64(20)
	for i := range rapid.IntRange(1, most).Draw(r, "records") {
		at = max(0, at+rapid.Int64Range(-10, 12).Draw(r, "step"))
		one := record{left: rapid.Bool().Draw(r, "left"), key: rapid.SampledFrom([]string{"a", "a", "b", "c\x00", ""}).Draw(r, "key"), at: at}
		one.value = fmt.Sprintf("r%d", i)
		if one.left {
			one.value = fmt.Sprintf("l%d", i)
		}
		records = append(records, one)
	}
	return records
}

// Whatever the window, the order of records, commits and crashes, a join gives
// what a loop over all pairs of records gives.
func TestJoinsOfStreamsAgreeWithANestedLoop(t *testing.T) {
	for kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				w := drawBounds(r, kind)
				cfg := streamstest.Config{CommitEvery: rapid.IntRange(1, 9).Draw(r, "commit")}
				if rapid.IntRange(0, 19).Draw(r, "disk") == 0 {
					dir := filepath.Join(t.TempDir(), "state")
					defer os.RemoveAll(dir) // or thousands of runs fill the disk
					cfg.State = func(int) state.Backend { return lsm.Dir(dir) }
				}
				d := streamstest.New(t, joining(kind, w.window()), cfg)
				defer d.Close()
				records := drawRecords(r, 80)
				for _, one := range records {
					pipe(d, one)
					switch rapid.IntRange(0, 24).Draw(r, "crash") {
					case 0:
						d.Crash()
					case 1:
						d.Restart()
					}
				}
				d.Commit()
				want := expect(kind, w, records)
				for _, topic := range []string{"out", "late-left", "late-right"} {
					if diff := cmp.Diff(want[topic], outputs(d, topic)); diff != "" {
						r.Fatalf("%s (-want +got):\n%s", topic, diff)
					}
				}
			})
		})
	}
}

// The results do not depend on which stream is ahead, as long as nothing is late.
func TestAnyInterleavingGivesTheSame(t *testing.T) {
	for kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				w := drawBounds(r, kind)
				records := drawRecords(r, 30)
				w.lateLeft, w.lateRight = 2000, 2000
				var want []string
				for i := range 2 {
					d := streamstest.New(t, joining(kind, w.window()), streamstest.Config{CommitEvery: 5})
					for _, one := range records {
						pipe(d, one)
					}
					pipe(d, record{left: true, key: "end", value: "l-end", at: 10_000})
					d.Commit()
					got := outputs(d, "out")
					d.Close()
					if i == 0 {
						want = got
					} else if diff := cmp.Diff(want, got); diff != "" {
						r.Fatalf("-first order +second order:\n%s", diff)
					}
					records = rapid.Permutation(records).Draw(r, "order")
				}
			})
		})
	}
}

// A stream joined with itself gives what it gives with a copy of itself.
func TestSelfJoinEqualsThatOfTwoStores(t *testing.T) {
	for kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				w := drawBounds(r, kind)
				if rapid.Bool().Draw(r, "equal lateness") {
					w.lateRight = w.lateLeft
				}
				cfg := streamstest.Config{CommitEvery: rapid.IntRange(1, 9).Draw(r, "commit")}
				run := func(copied bool) *streamstest.Driver {
					b := topology.New()
					in := topology.Stream[string, string](b, "in")
					other := in
					if copied {
						other = in.Filter(func(string, string) bool { return true })
					}
					kinds[kind](in, other, w.window())
					return streamstest.New(t, b, cfg)
				}
				one, two := run(false), run(true)
				defer one.Close()
				defer two.Close()
				for _, rec := range drawRecords(r, 50) {
					pipe(one, rec)
					pipe(two, rec)
					if rapid.IntRange(0, 20).Draw(r, "crash") == 0 {
						one.Crash()
					}
				}
				one.Commit()
				two.Commit()
				for _, topic := range []string{"out", "late-left", "late-right"} {
					if diff := cmp.Diff(outputs(two, topic), outputs(one, topic)); diff != "" {
						r.Fatalf("%s (-two stores +one store):\n%s", topic, diff)
					}
				}
			})
		})
	}
}
