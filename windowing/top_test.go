package windowing_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// scoreOf is the number that a value is, or none.
func scoreOf(v string) float64 {
	f, err := strconv.ParseFloat(v, 64)
	if err != nil {
		return math.NaN()
	}
	return f
}

func letter(key string) string { return key[:1] }

// topping ranks the rows of a table by their first letters.
func topping(n int, opts ...topology.Option) *topology.Builder {
	b := topology.New()
	rows := topology.Table[string, string](b, "in", "rows")
	top := windowing.Top(rows, "top", n, letter, scoreOf, opts...)
	topology.To(topology.MapTable(top, rankText).ToStream(), "out", topology.ValueSerde(serde.String))
	return b
}

func rankText(list []windowing.Ranked[string, string]) string {
	var words []string
	for _, r := range list {
		words = append(words, fmt.Sprintf("%d.%s:%s", r.Rank, r.Key, r.Row))
	}
	return strings.Join(words, " ")
}

// ranks are the first rows of a group, by sorting all of them.
func ranks(rows map[string]string, group string, n int) (list []windowing.Ranked[string, string]) {
	keys := slices.DeleteFunc(slices.Collect(maps.Keys(rows)), func(k string) bool { return letter(k) != group })
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(scoreOf(rows[b]), scoreOf(rows[a])), cmp.Compare(a, b))
	})
	for i, k := range keys[:min(n, len(keys))] {
		r := windowing.Ranked[string, string]{Rank: i + 1, Key: k, Row: rows[k]}
		if i > 0 && scoreOf(list[i-1].Row) == scoreOf(r.Row) {
			r.Rank = list[i-1].Rank
		}
		list = append(list, r)
	}
	return list
}

func TestTopAgreesWithSorting(t *testing.T) {
	keys := []string{"a", "a\x00", "ab", "b", "ba", "bb", "bc"}
	values := []string{"0", "-0", "1", "1", "1.5", "-1", "-2e300", "Inf", "-Inf", "none", ""}
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(r, "n")
		d := streamstest.New(t, topping(n), streamstest.Config{CommitEvery: rapid.IntRange(1, 5).Draw(r, "commit")})
		defer d.Close()
		in := streamstest.In[string, string](d, "in")
		rows := map[string]string{}
		var want []string
		for i := range rapid.Int64Range(1, 80).Draw(r, "records") {
			key, value := rapid.SampledFrom(keys).Draw(r, "key"), rapid.SampledFrom(values).Draw(r, "value")
			before := ranks(rows, letter(key), n)
			if value == "" {
				in.Send(processor.Record[string, string]{Key: key, HasKey: true, Time: i})
				delete(rows, key)
			} else {
				in.PipeAt(key, value, i)
				rows[key] = value
			}
			after := ranks(rows, letter(key), n)
			has := func(list []windowing.Ranked[string, string]) bool {
				return slices.ContainsFunc(list, func(r windowing.Ranked[string, string]) bool { return r.Key == key })
			}
			if text := rankText(after); has(before) || has(after) {
				if len(after) == 0 {
					text = "null"
				}
				want = append(want, fmt.Sprintf("%s=%s@%d", letter(key), text, i))
			}
			if rapid.IntRange(0, 20).Draw(r, "crash") == 0 {
				d.Commit()
				d.Crash()
			}
		}
		d.Commit()
		if got := streamstest.Out[string, string](d, "out").Text(); got != strings.Join(want, ", ") {
			r.Fatalf("\n got %s\nwant %s", got, strings.Join(want, ", "))
		}
	})
}

func TestTopIsTheSameInTheWholeMatrix(t *testing.T) {
	streamstest.Matrix(t, streamstest.Config{}, func(cfg streamstest.Config) *streamstest.Driver {
		d := streamstest.New(t, topping(2), cfg)
		in := streamstest.In[string, string](d, "in")
		for i := range int64(60) {
			in.PipeAt(fmt.Sprint("k", i*i%7), fmt.Sprint(i%11), i)
		}
		return d
	})
}

func TestTopIsLookedUp(t *testing.T) {
	b := topology.New()
	top := windowing.Top(topology.Table[string, string](b, "in", "rows"), "top", 2, letter, scoreOf)
	var found []string
	windowing.LookUp(top, func(group string, list []windowing.Ranked[string, string], _ int64, ok bool) {
		found = append(found, fmt.Sprint(group, " ", rankText(list), " ", ok))
	})
	d := streamstest.New(t, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "in")
	in.PipeAt("a", "1", 1)
	in.PipeAt("ab", "2", 2)
	in.Send(processor.Record[string, string]{Key: "a", HasKey: true, Time: 3})
	in.Send(processor.Record[string, string]{Key: "ab", HasKey: true, Time: 4})
	if got, want := strings.Join(found, ", "), "a 1.a:1 true, a 1.ab:2 2.a:1 true, a 1.ab:2 true, a  false"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRowsOfATopExpire(t *testing.T) {
	d := streamstest.New(t, topping(2, topology.TTL(10*ms)), streamstest.Config{})
	in := streamstest.In[string, string](d, "in")
	in.PipeAt("a", "1", 0)
	in.PipeAt("ab", "2", 5)
	in.PipeAt("ac", "1", 12)
	want := "a=1.a:1@0, a=1.ab:2 2.a:1@5, a=1.ab:2 2.ac:1@12"
	if got := streamstest.Out[string, string](d, "out").Text(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestMistakesOfTopAreErrorsAtBuild(t *testing.T) {
	type group struct{ N int }
	for _, c := range []struct {
		name, want string
		add        func(t topology.KTable[string, string])
	}{
		{"no rows", "the number of rows is 0", func(t topology.KTable[string, string]) { windowing.Top(t, "top", 0, letter, scoreOf) }},
		{"no group", "the function is nil", func(t topology.KTable[string, string]) {
			windowing.Top[string, string, string](t, "top", 1, nil, scoreOf)
		}},
		{"no score", "the function is nil", func(t topology.KTable[string, string]) { windowing.Top(t, "top", 1, letter, nil) }},
		{"no serde", "no serde for", func(t topology.KTable[string, string]) {
			windowing.Top(t, "top", 1, func(string) group { return group{} }, scoreOf)
		}},
		{"option", "KeepLast", func(t topology.KTable[string, string]) {
			windowing.Top(t, "top", 1, letter, scoreOf, windowing.KeepLast())
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := topology.New()
			c.add(topology.Table[string, string](b, "in", "rows"))
			_, err := b.Describe()
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "top_test.go:") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
