package joins_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// withStatic looks the key of each record up.
func withStatic(rows *joins.Static[string, string]) *topology.Builder {
	b := topology.New()
	self := func(key, _ string) (string, bool) { return key, key != "none" }
	topology.To(joins.LeftGlobal(topology.Stream[string, string](b, "in"), rows, self,
		func(_, v string, row processor.Maybe[string]) string { return fmt.Sprint(v, row.Value, row.OK) }, topology.Name("joined")), "out")
	return b
}

// parsed are the lines of a file as key=row.
func parsed(content []byte) (map[string]string, error) {
	rows := map[string]string{}
	for _, line := range strings.Fields(string(content)) {
		key, row, ok := strings.Cut(line, "=")
		if !ok {
			return nil, errors.New("a line without =")
		}
		rows[key] = row
	}
	return rows, nil
}

func TestRowsGivenInCodeAreReplaced(t *testing.T) {
	given := map[string]string{"k": "a", "none": "x"}
	rows := joins.StaticMap(given)
	given["k"] = "changed" // is of no account: it was copied
	d := streamstest.New(t, withStatic(rows), streamstest.Config{Partitions: map[string]int{"in": 3}, Instances: 2})
	in := streamstest.In[string, string](d, "in")
	in.PipeAt("k", "1", 1)
	in.PipeAt("none", "2", 2)
	rows.Replace(map[string]string{"k": "b"})
	in.PipeAt("k", "3", 3)
	rows.Replace(nil)
	in.PipeAt("k", "4", 4)
	if got, want := streamstest.Out[string, string](d, "out").Text(), "k=1atrue@1, none=2false@2, k=3btrue@3, k=4false@4"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if err := rows.Reload(); err == nil || !strings.Contains(err.Error(), "Replace") {
		t.Errorf("reloaded rows that are in no file: %v", err)
	}
}

func TestRowsOfASliceHaveKeys(t *testing.T) {
	rows := joins.StaticSlice([]string{"apple", "banana"}, func(row string) string { return row[:1] })
	d := streamstest.New(t, withStatic(rows), streamstest.Config{})
	streamstest.In[string, string](d, "in").PipeAt("b", "1", 1)
	if got, want := streamstest.Out[string, string](d, "out").Text(), "b=1bananatrue@1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// write makes text the content of a file with a time of its own.
func write(t *testing.T, path, text string, second int) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Unix(int64(second), 0)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

// A file that breaks leaves the rows as they were, and operators hear of it.
func TestAFileIsReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows")
	write(t, path, "k=a", 1)
	rows := joins.StaticFile(path, parsed).Every(10 * time.Second)
	var told []string
	d := streamstest.New(t, withStatic(rows), streamstest.Config{
		Partitions: map[string]int{"in": 3}, // three tasks, of which one looks
		OnError: func(e *processor.Error, a processor.Action) {
			told = append(told, fmt.Sprintf("%s %s %s: %v", e.Class, a, e.Node, e.Err))
		},
	})
	in, out := streamstest.In[string, string](d, "in"), streamstest.Out[string, string](d, "out")
	want := func(value string) {
		t.Helper()
		in.PipeAt("k", "", 1)
		if got := out.Rest(); len(got) != 1 || got[0].Value != value {
			t.Errorf("got %v, want %s", got, value)
		}
	}
	want("atrue")
	write(t, path, "k=b", 2)
	d.Advance(9 * time.Second)
	want("atrue")
	d.Advance(time.Second)
	want("btrue")

	write(t, path, "broken", 3)
	d.Advance(10 * time.Second)
	want("btrue")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	d.Advance(10 * time.Second)
	want("btrue")
	if err := rows.Reload(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("reloaded: %v", err)
	}
	write(t, path, "k=c", 3) // the time of the broken one
	d.Advance(10 * time.Second)
	want("ctrue")
	if len(told) != 2 || !strings.HasPrefix(told[0], "punctuate skip joined: static table, whose rows stay what they were: parse ") || !strings.Contains(told[0], "a line without =") ||
		!strings.Contains(told[1], "rows") {
		t.Errorf("told %q", told)
	}

	write(t, path, "k=d", 3)
	if err := rows.Reload(); err != nil {
		t.Error(err)
	}
	want("dtrue")
}

func TestABrokenFileEndsTheStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows")
	for _, broken := range []func(){func() {}, func() { write(t, path, "broken", 1) }} {
		broken()
		b := withStatic(joins.StaticFile(path, parsed))
		if _, err := b.Describe(); err != nil {
			t.Errorf("described without the file: %v", err)
		}
		failed := &failing{}
		func() {
			defer func() { _ = recover() }()
			streamstest.New(failed, b, streamstest.Config{})
		}()
		if !strings.Contains(failed.text, "static table: ") {
			t.Errorf("got %q", failed.text)
		}
	}
}

// failing keeps the failure of a test that is to fail.
type failing struct{ text string }

func (f *failing) Helper() {}

func (f *failing) Fatalf(format string, args ...any) {
	f.text = fmt.Sprintf(format, args...)
	panic(f.text)
}

func TestMistakesOfStaticTablesAreErrorsAtBuild(t *testing.T) {
	first := func(row string) string { return row[:1] }
	for _, c := range []struct {
		name, want string
		rows       *joins.Static[string, string]
	}{
		{"twice", "left-join-global: StaticSlice: elements 0 and 2 have the same key", joins.StaticSlice([]string{"ab", "b", "ac"}, first)},
		{"no function", "StaticSlice: the function is nil", joins.StaticSlice[string, string](nil, nil)},
		{"no parser", "StaticFile: the function is nil", joins.StaticFile[string, string]("f", nil)},
		{"no file", "Every: the rows are in no file", joins.StaticMap(map[string]string{}).Every(time.Second)},
		{"short", "Every: the interval is 1µs", joins.StaticFile("f", parsed).Every(time.Microsecond)},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := withStatic(c.rows).Describe()
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "static_test.go:") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
