package topology

import (
	"cmp"
	"slices"
	"strings"

	"github.com/millrace-io/millrace/status"
)

// Finding is one change between two versions of a topology, and what it means
// for an application that runs.
type Finding struct {
	Severity status.Severity `json:"severity"`
	What     string          `json:"what"` // what has changed, for example "store counts"
	// Text says how it has changed and what follows. <app> in a name stands
	// for the application's id.
	Text   string `json:"text"`
	Remedy string `json:"remedy,omitempty"` // "" if there is nothing to do
}

// String returns the finding on one line, and the remedy on another.
func (f Finding) String() string {
	s := string(f.Severity) + ": " + f.What + ": " + f.Text
	if f.Remedy != "" {
		s += "\n  " + f.Remedy
	}
	return s
}

// Diff compares two descriptions of an application, made by Builder.JSON: that
// of the version that has run, and that of the one to replace it. It returns
// what orphans or breaks state, or needs a hand, the worst first. No findings
// means that the new version can take over as it is. A description that is
// none, or of a newer version than this program's, is an error.
//
// What Diff cannot see is code: functions, timestamps, and whether a custom
// serde of the same name still writes the same bytes.
func Diff(old, new []byte) ([]Finding, error) {
	was, err := readDescription("old", old)
	if err != nil {
		return nil, err
	}
	is, err := readDescription("new", new)
	if err != nil {
		return nil, err
	}
	d := &diff{old: was, new: is}
	d.stores()
	d.fields()
	d.repartitions()
	d.sources()
	d.coPartitions()
	d.sinks()
	d.globals()
	d.times()
	d.numbers()
	slices.SortStableFunc(d.findings, func(a, b Finding) int {
		return cmp.Compare(rank[a.Severity], rank[b.Severity])
	})
	return d.findings, nil
}

var rank = map[status.Severity]int{status.Breaking: 0, status.Warning: 1, status.Safe: 2}

// diff is one call of Diff.
type diff struct {
	old, new *description
	findings []Finding
}

// add adds a finding about what. names are the places in the texts of c,
// without brackets, each followed by what comes there.
func (d *diff) add(c change, what string, names ...string) {
	for i := 0; i < len(names); i += 2 {
		names[i] = "<" + names[i] + ">"
	}
	fill := strings.NewReplacer(names...)
	e := &effects[c]
	d.findings = append(d.findings, Finding{e.severity, what, fill.Replace(e.text), fill.Replace(e.remedy)})
}

// list is what a text says of several names.
func list(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}
