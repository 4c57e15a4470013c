package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/examples/internal/demo"
)

// naive is what the events of each window come to, by the names of rows.
func naive(t *testing.T) (stats map[string]Stats, lists map[string][]int64, perWindow []int64) {
	t.Helper()
	stats, lists = map[string]Stats{}, map[string][]int64{}
	first := time.Date(2024, time.January, 1, 9, 56, 0, 0, time.UTC)
	users := map[string]map[string]bool{}
	for i := range 14 {
		start := first.Add(time.Duration(i) * time.Minute)
		span := fmt.Sprintf("%s-%s", start.Format("15:04"), start.Add(5*time.Minute).Format("15:04"))
		perWindow = append(perWindow, 0)
		amounts := map[string]int64{}
		for _, text := range input() {
			var e Event
			if err := json.Unmarshal([]byte(text), &e); err != nil {
				t.Fatal(err)
			}
			at, err := time.Parse(time.RFC3339, e.Time)
			if err != nil {
				t.Fatal(err)
			}
			if at.Before(start) || !at.Before(start.Add(5*time.Minute)) {
				continue
			}
			perWindow[i]++
			row := e.Type + " " + span
			s := stats[row]
			s.Count++
			if users[row] == nil {
				users[row] = map[string]bool{}
			}
			users[row][e.User] = true
			s.Users = int64(len(users[row]))
			if e.Amount > 0 {
				amounts[row]++
				s.Sum += e.Amount
				s.Average = float64(s.Sum) / float64(amounts[row])
				s.Most = max(s.Most, e.Amount)
				if s.Least == 0 || e.Amount < s.Least {
					s.Least = e.Amount
				}
			}
			stats[row] = s
			list := fmt.Sprint(Kind{e.Type, e.User}, " ", span)
			lists[list] = append(lists[list], e.Amount)
		}
	}
	return stats, lists, perWindow
}

func TestReports(t *testing.T) {
	wantStats, wantLists, perWindow := naive(t)
	if want := []int64{5, 10, 15, 20, 25, 25, 25, 25, 25, 25, 20, 15, 10, 5}; !slices.Equal(perWindow, want) {
		t.Errorf("events in windows: %d, want %d", perWindow, want)
	}
	var out bytes.Buffer
	if err := demo.Run(t.Context(), example(), demo.Options{Out: &out}); err != nil {
		t.Fatal(err)
	}
	stats, lists := map[string]Stats{}, map[string][]int64{}
	for line := range strings.Lines(out.String()) {
		part := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		var err error
		if part[0] == "stats" {
			var s Stats
			err = json.Unmarshal([]byte(part[2]), &s)
			stats[part[1]] = s
		} else {
			var l []int64
			err = json.Unmarshal([]byte(part[2]), &l)
			lists[part[1]] = l
		}
		if err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	if n := strings.Count(out.String(), "\n"); n != len(wantStats)+len(wantLists) {
		t.Errorf("%d rows were written, want each once: %d", n, len(wantStats)+len(wantLists))
	}
	if diff := cmp.Diff(wantStats, stats); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantLists, lists); diff != "" {
		t.Errorf("lists (-want +got):\n%s", diff)
	}
}
