package status

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

func TestReadyNeedsEveryCheckAndAtLeastOne(t *testing.T) {
	for _, c := range []struct {
		name   string
		checks []Check
		want   bool
	}{
		{"none", nil, false},
		{"all ok", []Check{{Name: "group", OK: true}, {Name: "brokers", OK: true}}, true},
		{"one not", []Check{{Name: "group", OK: true}, {Name: "restore counts-4"}}, false},
	} {
		s := Snapshot{Checks: c.checks}
		if got := s.Ready(); got != c.want {
			t.Errorf("%s: Ready() = %v, want %v", c.name, got, c.want)
		}
	}
}

func TestCheckPrintsTheLineOfAHealthEndpoint(t *testing.T) {
	for _, c := range []struct {
		check Check
		want  string
	}{
		{Check{Name: "group", OK: true}, "[+]group ok"},
		{Check{Name: "group", OK: true, Detail: "generation 7"}, "[+]group generation 7"},
		{Check{Name: "group"}, "[-]group failed"},
		{Check{Name: "restore counts-4", Detail: "61%"}, "[-]restore counts-4 61%"},
	} {
		if got := c.check.String(); got != c.want {
			t.Errorf("%+v prints %q, want %q", c.check, got, c.want)
		}
	}
}

func TestLagIsUnknownUntilTheEndIsKnown(t *testing.T) {
	for _, c := range []struct {
		in   Input
		want int64
	}{
		{Input{Position: 10, End: -1}, -1},
		{Input{Position: 10, End: 25}, 15},
		{Input{Position: 10, End: 10}, 0},
		{Input{Position: 12, End: 10}, 0}, // the end is as of the last fetch
	} {
		if got := c.in.Lag(); got != c.want {
			t.Errorf("%+v: lag %d, want %d", c.in, got, c.want)
		}
	}
}

func TestProgressCountsFromItsStart(t *testing.T) {
	now := time.UnixMilli(1_000_000)
	for _, c := range []struct {
		name    string
		p       Progress
		percent int
		eta     time.Duration
		known   bool
	}{
		{"not begun", Progress{Start: 100, Position: 100, End: 200, Started: now}, 0, 0, false},
		{"tail only", Progress{Start: 900, Position: 961, End: 1000, Started: now.Add(-61 * time.Second)}, 61, 39 * time.Second, true},
		{"one offset left", Progress{Position: 999, End: 1000, Started: now.Add(-999 * time.Second)}, 99, time.Second, true},
		{"one of very many left", Progress{Position: math.MaxInt64 - 1, End: math.MaxInt64}, 99, 0, false},
		{"hardly moving", Progress{Position: 1, End: math.MaxInt64, Started: now.Add(-time.Hour)}, 0, 100 * 365 * 24 * time.Hour, true},
		{"done", Progress{Start: 10, Position: 50, End: 50, Started: now}, 100, 0, true},
		{"nothing to do", Progress{Start: 50, Position: 50, End: 50}, 100, 0, true},
		{"read beyond the end", Progress{Start: 10, Position: 60, End: 50}, 100, 0, true},
	} {
		if got := c.p.Percent(); got != c.percent {
			t.Errorf("%s: %d %%, want %d %%", c.name, got, c.percent)
		}
		eta, known := c.p.ETA(now)
		if eta != c.eta || known != c.known {
			t.Errorf("%s: ETA %v, %v; want %v, %v", c.name, eta, known, c.eta, c.known)
		}
	}
	if got, want := (Progress{Store: "counts", Partition: 4, Position: 61, End: 100}).String(), "counts-4 61%"; got != want {
		t.Errorf("prints %q, want %q", got, want)
	}
}

// Consumers of the JSON form tell "never" from a time by the field's absence.
func TestTimesThatNeverHappenedAreLeftOutOfJSON(t *testing.T) {
	b, err := json.Marshal(Snapshot{App: "a", Instance: "i", Guarantee: "exactly_once", State: Created, At: time.UnixMilli(0).UTC()})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"app":"a","instance":"i","guarantee":"exactly_once","at":"1970-01-01T00:00:00Z","state":"created",` +
		`"checks":null,"group":{"generation":0},"workers":null,"tasks":null,"transactions_in_flight":0}`
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
}
