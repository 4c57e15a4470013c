package metrics

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestApplicationsShareARegistry(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	a, b := New(Info{App: "a"}), New(Info{App: "b"})
	for _, r := range []*Recorder{a, b} {
		if err := r.Register(reg); err != nil {
			t.Fatal(err)
		}
	}
	a.Commits.OK.Add(1)
	b.Commits.OK.Add(2)
	const help = "# HELP millrace_commits_total Transactions, or offset commits under at least once, by how they ended.\n# TYPE millrace_commits_total counter\n"
	outcomes := func(app, ok string) string {
		line := `millrace_commits_total{app="` + app + `",outcome="`
		return line + `aborted"} 0` + "\n" + line + `fenced"} 0` + "\n" + line + `ok"} ` + ok + "\n" + line + `timeout"} 0` + "\n"
	}
	expect(t, reg, help+outcomes("a", "1")+outcomes("b", "2"), "millrace_commits_total")

	a.Unregister()
	a.Unregister()
	expect(t, reg, help+outcomes("b", "2"), "millrace_commits_total")
	if err := New(Info{App: "a"}).Register(reg); err != nil {
		t.Errorf("the next start of application a: %v", err)
	}
}

func TestSecondInstanceOfOneApplicationIsToldWhatToDo(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	first, second := New(Info{App: "a"}), New(Info{App: "a"})
	if err := first.Register(reg); err != nil {
		t.Fatal(err)
	}
	err := second.Register(reg)
	if !errors.As(err, new(prometheus.AlreadyRegisteredError)) || !strings.Contains(err.Error(), "WrapRegistererWith") {
		t.Fatalf("error %v", err)
	}
	second.Unregister() // must not take the first one away
	if n, err := testutil.GatherAndCount(reg, "millrace_build_info"); n != 1 || err != nil {
		t.Errorf("%d instances left, %v", n, err)
	}
	apart := prometheus.NewPedanticRegistry()
	for replica, r := range map[string]*Recorder{"1": first, "2": second} {
		if err := r.Register(prometheus.WrapRegistererWith(prometheus.Labels{"replica": replica}, apart)); err != nil {
			t.Errorf("with a label that tells them apart: %v", err)
		}
	}
}

func TestNoRegistererIsNoError(t *testing.T) {
	r := New(wordcount())
	if err := r.Register(nil); err != nil {
		t.Error(err)
	}
	r.Unregister()
}

// Batches are published and scraped at the same time: no sum that a server
// sees is lower than one that it saw before, and in the end nothing is missing.
func TestSumsOnlyGrowWhileScraped(t *testing.T) {
	const writers, batches, size = 4, 500, 10
	r, reg := registered(t, wordcount())
	var mu sync.Mutex // guards assigned
	assigned := 0
	r.OnScrape(func(l *Live) {
		mu.Lock()
		defer mu.Unlock()
		for p := range assigned {
			l.AddTask(0, p%2 == 0)
			l.AddPartition("lines", int32(p), int64(p), false)
		}
	})
	const counted, timed = `records_processed_total{subtopology="0"}`, `process_duration_seconds{subtopology="0"}`

	var writing, scraping sync.WaitGroup
	for range writers {
		writing.Go(func() {
			s := r.Subtopology(0)
			for i := range batches {
				s.Processed.Add(size)
				s.ProcessTime.Observe(time.Duration(i) * time.Microsecond)
				r.Topic("not-in-topology").Consumed.Inc()
				mu.Lock()
				assigned = i % 8
				mu.Unlock()
			}
		})
	}
	done := make(chan struct{})
	for range 2 {
		scraping.Go(func() {
			var last map[string]float64
			for {
				now := sums(t, reg)
				for _, name := range []string{counted, timed, `records_consumed_total{topic="other"}`} {
					if now[name] < last[name] {
						t.Errorf("%s went from %v to %v", name, last[name], now[name])
					}
				}
				last = now
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	writing.Wait()
	close(done)
	scraping.Wait()
	end := sums(t, reg)
	if end[counted] != writers*batches*size || end[timed] != writers*batches {
		t.Errorf("%v records and %v times, want %v and %v", end[counted], end[timed], writers*batches*size, writers*batches)
	}
}
