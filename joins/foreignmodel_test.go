package joins_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/internal/corpus"
	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/state/lsm"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// naive is a foreign-key join over rows as they are, and all that any rows which
// were there at some time could give.
type naive struct {
	many, inner bool
	left, right map[string]string
	was         map[string][]string // left rows by key, "-" for none
	wasRight    map[string][]string
}

func newNaive(name string) *naive {
	return &naive{
		many: name == "fk-many" || name == "fk-many-left", inner: name == "fk-inner" || name == "fk-many",
		left: map[string]string{}, right: map[string]string{}, was: map[string][]string{}, wasRight: map[string][]string{},
	}
}

// setRow changes a row; has is false if it is deleted.
func setRow(rows map[string]string, was map[string][]string, key, row string, has bool) {
	if delete(rows, key); has {
		rows[key] = row
		was[key] = append(was[key], row)
	}
}

// keys are the foreign keys of a left row.
func (n *naive) keys(row string) []string {
	var all []string
	for _, r := range row {
		all = append(all, string(r))
	}
	if !n.many && len(all) > 1 {
		all = all[:1]
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// of is the result of left row 'row' of key, with the right rows that find gives:
// by the key of the result.
func (n *naive) of(key, row string, find func(string) []string) map[string][]string {
	results := map[string][]string{}
	for _, k := range n.keys(row) {
		at := key
		if n.many {
			at += "/" + k
		}
		for _, r := range find(k) {
			results[at] = append(results[at], row+"|"+r)
		}
		if !n.inner {
			results[at] = append(results[at], row+"|-")
		}
	}
	if len(n.keys(row)) == 0 && !n.inner && !n.many {
		results[key] = []string{row + "|-"}
	}
	return results
}

// result is what the join is now.
func (n *naive) result() map[string]string {
	result := map[string]string{}
	for key, row := range n.left {
		rows := n.of(key, row, func(k string) []string {
			if r, ok := n.right[k]; ok {
				return []string{r}
			}
			return nil
		})
		for at, values := range rows {
			result[at] = values[0]
		}
	}
	return result
}

// ever reports whether a row of the result was right for two rows that each were
// there at some time.
func (n *naive) ever(at, value string) bool {
	key := at[:1]
	return slices.ContainsFunc(n.was[key], func(row string) bool {
		return slices.Contains(n.of(key, row, func(k string) []string { return n.wasRight[k] })[at], value)
	})
}

// joinedRows are all rows that the join has written, and the last of each key.
func joinedRows(d *streamstest.Driver, many bool) (all [][2]string, last map[string]string) {
	last = map[string]string{}
	note := func(key, value string, has bool) {
		if delete(last, key); has {
			last[key] = value
			all = append(all, [2]string{key, value})
		}
	}
	if many {
		for _, r := range streamstest.Out[joins.Pair[string, string], string](d, "out").All() {
			note(r.Key.String(), r.Value, r.HasValue)
		}
		return all, last
	}
	for _, r := range streamstest.Out[string, string](d, "out", topology.Serdes(serde.String, serde.String)).All() {
		note(r.Key, r.Value, r.HasValue)
	}
	return all, last
}

// TestForeignKeysAgreeWithTheNaiveJoin joins tables of several partitions whose
// tasks run apart: what they say to each other is on its way while rows change,
// are deleted and come back, and is lost in crashes and said again.
func TestForeignKeysAgreeWithTheNaiveJoin(t *testing.T) {
	for _, name := range []string{"fk-inner", "fk-left", "fk-many", "fk-many-left"} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { checkForeign(t, name, rapid.IntRange(0, 19).Draw(t, "disk") == 13) })
		})
	}
}

func checkForeign(t *rapid.T, name string, disk bool) {
	cfg := streamstest.Config{
		Partitions: map[string]int{"left": rapid.IntRange(1, 3).Draw(t, "left partitions"), "right": rapid.IntRange(1, 3).Draw(t, "right partitions")},
		Instances:  rapid.IntRange(1, 2).Draw(t, "instances"),
	}
	if every := rapid.SampledFrom([]int{0, 1, 2, 5}).Draw(t, "commit every"); every == 0 {
		cfg.ManualCommit = true
	} else {
		cfg.CommitEvery = every
	}
	if disk {
		dir, err := os.MkdirTemp("", "foreign")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		cfg.State = func(i int) state.Backend { return lsm.Dir(filepath.Join(dir, strconv.Itoa(i))) }
	}
	n := newNaive(name)
	d := streamstest.New(t, corpus.Topologies[name](), cfg)
	defer d.Close()
	left, right := streamstest.In[string, string](d, "left"), streamstest.In[string, string](d, "right")
	pipe := func(in *streamstest.Input[string, string], rows map[string]string, was map[string][]string, key, row string, has bool) {
		setRow(rows, was, key, row, has)
		if has {
			in.Pipe(key, row)
		} else {
			in.PipeNull(key)
		}
	}
	for range rapid.IntRange(1, 60).Draw(t, "steps") {
		switch rapid.SampledFrom([]string{"left", "left", "left", "right", "right", "commit", "crash"}).Draw(t, "step") {
		case "left":
			key := rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "key")
			row := rapid.StringOfN(rapid.RuneFrom([]rune("xyz")), 0, 2, -1).Draw(t, "row")
			pipe(left, n.left, n.was, key, row, rapid.IntRange(0, 3).Draw(t, "delete") > 0)
		case "right":
			key := rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "key")
			row := rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, "row")
			pipe(right, n.right, n.wasRight, key, row, rapid.IntRange(0, 2).Draw(t, "delete") > 0)
		case "commit":
			d.Commit()
		case "crash":
			d.Crash()
		}
	}
	d.Commit()
	all, last := joinedRows(d, n.many)
	if diff := cmp.Diff(n.result(), last); diff != "" {
		t.Errorf("-naive +join:\n%s", diff)
	}
	for _, r := range all {
		if !n.ever(r[0], r[1]) {
			t.Errorf("%s of %s was right at no time", r[1], r[0])
		}
	}
}
