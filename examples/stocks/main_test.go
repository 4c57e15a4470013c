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

// naive is what the example has to print, in any order, and how many alerts
// there are: from all trades, in the order of their times.
func naive(t *testing.T) (lines []string, alerts int) {
	t.Helper()
	trades := input()
	slices.SortStableFunc(trades, func(a, b sold) int { return int(a.Time - b.Time) })
	first := trades[0].Time
	name := func(symbol string, start int64, minutes int64) string {
		end := start + minutes*time.Minute.Milliseconds()
		return fmt.Sprintf("%s %s-%s", symbol, clock(start), clock(end))
	}
	for _, symbol := range []string{"ACME", "INIT"} {
		for i := int64(-4); i < 10; i++ {
			start := first + i*time.Minute.Milliseconds()
			var bar Bar
			var sum, n int64
			for _, s := range trades {
				at := s.Time - start
				if s.symbol != symbol || at < 0 || at >= 5*time.Minute.Milliseconds() {
					continue
				}
				sum, n = sum+s.Price, n+1
				if at >= time.Minute.Milliseconds() {
					continue
				}
				if bar.Volume == 0 {
					bar = Bar{Open: s.Price, High: s.Price, Low: s.Price, From: s.Time}
				}
				bar.High, bar.Low = max(bar.High, s.Price), min(bar.Low, s.Price)
				bar.Close, bar.To, bar.Volume = s.Price, s.Time, bar.Volume+s.Volume
			}
			lines = append(lines, fmt.Sprintf("averages\t%s\t%d", name(symbol, start, 5), int64(float64(sum)/float64(n))))
			if bar.Volume == 0 {
				continue
			}
			text, err := json.Marshal(bar)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, fmt.Sprintf("bars\t%s\t%s", name(symbol, start, 1), text))
			if move := float64(bar.Close-bar.Open) / float64(bar.Open) * 100; move > 2 || move < -2 {
				lines = append(lines, fmt.Sprintf("alerts\t%s\t%+.2f %%", name(symbol, start, 1), float64(bar.move())/100))
				alerts++
			}
		}
	}
	slices.Sort(lines)
	return lines, alerts
}

func TestBars(t *testing.T) {
	want, alerts := naive(t)
	if alerts != 1 {
		t.Errorf("%d alerts, want that of the fall", alerts)
	}
	var out bytes.Buffer
	if err := demo.Run(t.Context(), example(), demo.Options{Out: &out}); err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
