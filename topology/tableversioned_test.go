package topology_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// versionedTables are both ways to make one.
var versionedTables = map[string]func(b *topology.Builder) table{
	"table": func(b *topology.Builder) table {
		return topology.Table[string, string](b, "in", "rows", topology.Versioned(50*ms))
	},
	"to-table": func(b *topology.Builder) table {
		return topology.ToTable(topology.Stream[string, string](b, "in"), "rows", topology.Versioned(50*ms))
	},
}

// What comes late goes into the history, or is dropped if that does not reach
// so far back; the row stays what it is.
func TestVersionedTableKeepsItsRowsWhenUpdatesComeLate(t *testing.T) {
	for name, build := range versionedTables {
		t.Run(name, func(t *testing.T) {
			b := topology.New()
			rows := build(b)
			topology.To(rows.ToStream(), "out")
			var changes []string
			topology.ViewOf(rows, func(key string, c graph.Change[string], view graph.Getter[string, string]) error {
				row, at, ok, err := view.Get(key)
				changes = append(changes, fmt.Sprintf("%s>%s stale %t now %s@%d", rowOf(c.Old, c.HasOld), rowOf(c.New, c.HasNew), c.Stale, rowOf(row, ok), at))
				return err
			})
			r := run(t, b)
			r.want("k=a@100", "out k=a@100")
			r.want("k=c@120", "out k=c@120")
			r.want("k=b@110", "out k=b@110")
			r.want("k=x@69", "") // before the history
			r.want("k=~@130", "out k=~@130")
			r.want("~=x@131", "")
			want := []string{"~>a stale false now a@100", "a>c stale false now c@120", "c>b stale true now c@120", "c>~ stale false now ~@0"}
			if !slices.Equal(changes, want) {
				t.Errorf("changes %q, want %q", changes, want)
			}
			if got := r.drops(); got != "rows late 1, rows null_key 1" && got != "rows null_key 1, rows late 1" {
				t.Errorf("dropped %q", got)
			}
		})
	}
}

// What is made of a versioned table on demand is versioned too.
func TestRowsOfThePastAreLookedUp(t *testing.T) {
	for name, build := range versionedTables {
		t.Run(name, func(t *testing.T) {
			b := topology.New()
			rows := topology.MapTable(build(b).Filter(even), strings.ToUpper)
			var was []string
			topology.ViewOf(rows, func(key string, c graph.Change[string], view graph.Getter[string, string]) error {
				if c.New != "ASKS" {
					return nil
				}
				for _, at := range []int64{99, 100, 105, 110, 120} {
					row, since, ok, err := view.(graph.Past[string, string]).GetAsOf("k", at)
					if err != nil {
						return err
					}
					was = append(was, fmt.Sprintf("%s@%d", rowOf(row, ok), since))
				}
				return nil
			})
			r := run(t, b)
			for _, record := range []string{"k=aa@100", "k=cc@120", "k=odd@110", "other=asks@125"} {
				r.send("in", record)
			}
			if want := []string{"~@0", "AA@100", "AA@100", "~@0", "CC@120"}; !slices.Equal(was, want) {
				t.Errorf("found %q, want %q", was, want)
			}
		})
	}
}

// Groups and tables with a store of their own know the newest rows only.
func TestLateUpdatesOfVersionedTablesConcernNoGroup(t *testing.T) {
	b := topology.New()
	rows := versionedTables["table"](b)
	upper := topology.MapTable(rows, strings.ToUpper, topology.Stored("upper"))
	topology.To(upper.ToStream(), "upper-out")
	topology.To(topology.Count(topology.GroupTable(rows, byFirst), "counts").ToStream(), "counts-out", topology.ValueSerde(serde.DecimalInt64))
	r := run(t, b)
	r.want("k=b@20", "upper-out k=B@20, counts-out b=1@20")
	r.want("k=a@10", "upper-out k=A@10")
	r.want("k=c@30", "upper-out k=C@30, counts-out b=0@30, counts-out c=1@30")
	for _, w := range r.logged {
		if strings.HasPrefix(w, "upper") && strings.Contains(w, "A") {
			t.Errorf("logged %s", w)
		}
	}
	if got := r.drops(); got != "group-table-1 stale 1" {
		t.Errorf("dropped %q", got)
	}
}

func TestFailureBehindAVersionedTableLeavesNoTrace(t *testing.T) {
	b := topology.New()
	rows := versionedTables["table"](b)
	changes := changesOf(rows)
	failsAt(topology.MapTable(rows, strings.ToUpper))
	r := run(t, b, skips)
	r.send("in", "k=a@10")
	r.send("in", "k=fail@20")
	r.send("in", "k=b@15")
	if want := []string{"k ~>a", "k a>fail", "k a>b"}; !slices.Equal(*changes, want) {
		t.Errorf("changes %q, want %q", *changes, want)
	}
}
