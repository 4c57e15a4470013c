package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/examples/internal/demo"
)

// naive is what the example has to print, in any order: every impression with
// every click and every visit.
func naive() (lines []string, unclicked int) {
	h := input()
	hour, second := time.Hour.Milliseconds(), time.Second.Milliseconds()
	for _, i := range h.impressions {
		found := false
		for _, c := range h.clicks {
			if d := c.ClickTime - i.ImpressionTime; c.AdID == i.AdID && 0 <= d && d <= hour {
				line := fmt.Sprintf("%s\t%s after %s", i.AdID, shown(i), time.Duration(d)*time.Millisecond)
				lines = append(lines, "clicked\t"+line, "outcome\t"+line)
				found = true
			}
		}
		if !found {
			lines = append(lines, fmt.Sprintf("outcome\t%s\t%s not clicked", i.AdID, shown(i)))
			unclicked++
		}
		for _, v := range h.visits[i.UserID] {
			if d := v.Time - i.ImpressionTime; -second <= d && d <= second {
				lines = append(lines, fmt.Sprintf("visited\t%s\t%s %s on %s", i.UserID, i.AdID, shown(i), v.Page))
			}
		}
	}
	slices.Sort(lines)
	return lines, unclicked
}

func TestImpressionsFindTheirClicks(t *testing.T) {
	want, unclicked := naive()
	if clicked := 300 - unclicked; clicked == 0 || unclicked == 0 {
		t.Fatalf("%d impressions were clicked: that shows nothing", clicked)
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
