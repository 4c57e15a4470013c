package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/embedded"
	"github.com/millrace-io/millrace/examples/internal/demo"
	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/streamstest"
)

// naive is what the pipeline has to come to: the last report of each window,
// without those of a user, and what is no event. It tries each minute of the
// hour around, and knows of no late events.
func naive(events []string, without string) (reports map[Window]Report, corrupt []string) {
	reports = map[Window]Report{}
	seen := map[string]bool{}
	for _, event := range events {
		var e Event
		if err := json.Unmarshal([]byte(event), &e); err != nil {
			corrupt = append(corrupt, event)
			continue
		}
		if seen[e.ID] || e.User == without {
			continue
		}
		seen[e.ID] = true
		for minute := range 60 {
			from := time.Date(2024, time.January, 1, 9, 40+minute, 0, 0, time.UTC)
			to := from.Add(5 * time.Minute)
			if at, err := time.Parse(time.RFC3339, e.Time); err != nil || at.Before(from) || !at.Before(to) {
				continue
			}
			w := Window{Group{e.Type, e.User}, from.Format(time.RFC3339), to.Format(time.RFC3339)}
			r := reports[w]
			reports[w] = Report{w, Stats{r.Count + 1, append(slices.Clone(r.Data), e.Data)}}
		}
	}
	return reports, corrupt
}

// printed is what an example prints: the last report of each window, how many
// there were, and the values of the dead letters. It can be read meanwhile.
type printed struct {
	mu      sync.Mutex // guards what follows
	text    bytes.Buffer
	changed func(*printed)
}

func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	n, err := p.text.Write(b)
	p.mu.Unlock()
	if p.changed != nil {
		p.changed(p)
	}
	return n, err
}

func (p *printed) read(t *testing.T) (latest map[Window]Report, reports int, dead []string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	latest = map[Window]Report{}
	for line := range strings.Lines(p.text.String()) {
		topic, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		_, value, _ := strings.Cut(rest, "\t")
		if topic == "dead_letter" {
			dead = append(dead, value)
			continue
		}
		var r Report
		if err := json.Unmarshal([]byte(value), &r); err != nil {
			t.Errorf("%s is no report: %v", value, err)
			continue
		}
		latest[r.Window] = r
		reports++
	}
	return latest, reports, dead
}

// Everything is reported in a batch once, at its end, though it is over long
// before the minute is.
func TestABatchReportsOnce(t *testing.T) {
	var out printed
	if err := demo.Run(t.Context(), example(input(), time.Minute, service("user_5")), demo.Options{Out: &out}); err != nil {
		t.Fatal(err)
	}
	want, corrupt := naive(input(), "user_5")
	all, _ := naive(input(), "")
	got, reports, dead := out.read(t)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
	if reports != len(want) {
		t.Errorf("%d reports of %d windows", reports, len(want))
	}
	for _, value := range corrupt {
		if !slices.Contains(dead, value) {
			t.Errorf("no dead letter has what is no event: %s", value)
		}
	}
	if n := len(corrupt) + len(all) - len(want); len(dead) != n || len(corrupt) != 2 || len(all) == len(want) {
		t.Errorf("%d dead letters of %d: %d are no events", len(dead), n, len(corrupt))
	}
}

// A slice on the driver, a bounded run and a stream that is followed come to the
// same table.
func TestSliceBatchAndStreamGiveTheSame(t *testing.T) {
	want, _ := naive(input(), "")

	slice := map[Window]Report{}
	d := streamstest.New(t, pipeline(time.Minute, take), streamstest.Config{Errors: policies()})
	events := streamstest.In[string, string](d, "events")
	for _, event := range input() {
		events.Pipe("", event)
	}
	d.Advance(time.Minute)
	maps.Insert(slice, streamstest.Out[Window, Report](d, "output_topic").Latest())

	var bounded printed
	if err := demo.Run(t.Context(), example(input(), time.Minute, take), demo.Options{Out: &bounded}); err != nil {
		t.Fatal(err)
	}
	batch, _, _ := bounded.read(t)

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	followed := printed{changed: func(p *printed) {
		if got, _, _ := p.read(t); cmp.Equal(got, want) {
			stop()
		}
	}}
	if err := demo.Run(ctx, example(input(), 100*time.Millisecond, take), demo.Options{Follow: true, Out: &followed}); err != nil {
		t.Fatal(err)
	}
	stream, _, _ := followed.read(t)

	for how, got := range map[string]map[Window]Report{"slice": slice, "batch": batch, "stream": stream} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", how, diff)
		}
	}
}

// A broker that takes nobody without TLS and a password.
func TestOverSASLAndTLS(t *testing.T) {
	server, security := kafkatest.ServerTLS(t)
	broker, err := embedded.Start(embedded.Config{
		TLS:   server,
		Users: []embedded.User{{Mechanism: "SCRAM-SHA-512", Name: kafkatest.User, Password: kafkatest.Password}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()

	e := example(input(), time.Minute, take)
	e.Config.Client = security.Options()
	var out printed
	if err := demo.Run(t.Context(), e, demo.Options{Brokers: broker.Addrs(), Out: &out}); err != nil {
		t.Fatal(err)
	}
	want, _ := naive(input(), "")
	if got, _, _ := out.read(t); !cmp.Equal(got, want) {
		t.Errorf("reports (-want +got):\n%s", cmp.Diff(want, got))
	}

	// What login makes trusts authorities of the system only, which does not
	// know this one.
	e.Config.Client = login(kafkatest.User, kafkatest.Password)
	err = demo.Run(t.Context(), e, demo.Options{Brokers: broker.Addrs(), Out: io.Discard})
	if err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a broker that nobody vouches for: %v", err)
	}
}
