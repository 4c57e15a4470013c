package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// String is one line of progress.
func (r *result) String() string {
	line := fmt.Sprintf("%s, %s, %s", r.Workload, r.Guarantee, r.System)
	for _, f := range figures {
		if v := *f.of(r); v != nil {
			line += fmt.Sprintf(", %s %s", number(*v*f.scale), f.title)
		}
	}
	return line
}

// writeTable prints results, and below those of a workload and guarantee what
// this library's are in relation to each peer's.
func writeTable(w io.Writer, results []result) error {
	tab := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	row := func(cells ...string) { fmt.Fprintln(tab, strings.Join(cells, "\t")+"\t") }
	titles := []string{"workload", "guarantee", "system"}
	for _, f := range figures {
		titles = append(titles, f.title)
	}
	row(titles...)
	for _, group := range groups(results) {
		for _, r := range group {
			cells := []string{r.Workload, r.Guarantee, r.System}
			for _, f := range figures {
				cells = append(cells, cell(*f.of(&r), f.scale, ""))
			}
			row(cells...)
		}
		for _, x := range comparisons(group, results) {
			cells := []string{"", "", x.title()}
			for i := range figures {
				cells = append(cells, cell(x.ratios[i], 1, "x"))
			}
			row(cells...)
		}
	}
	return tab.Flush()
}

func cell(v *float64, scale float64, unit string) string {
	if v == nil {
		return "-"
	}
	return number(*v*scale) + unit
}

// number shows three digits, or all before the point.
func number(v float64) string {
	switch {
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case v >= 1:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', 3, 64)
}

// ours is the system that the others are compared with.
const ours = "millrace"

// groups are the results of the same workload and guarantee, in order.
func groups(results []result) [][]result {
	var list [][]result
	for _, r := range results {
		i := slices.IndexFunc(list, func(g []result) bool {
			return g[0].Workload == r.Workload && g[0].Guarantee == r.Guarantee
		})
		if i < 0 {
			i, list = len(list), append(list, nil)
		}
		list[i] = append(list[i], r)
	}
	return list
}

// comparison is our result over a peer's, a ratio per figure; nil where one of
// them is missing.
type comparison struct {
	peer      result
	guarantee string // ours
	ratios    []*float64
}

// title names the peer, and its guarantee if that is another one.
func (x comparison) title() string {
	title := ours + " : " + x.peer.System
	if x.guarantee != x.peer.Guarantee {
		title += ", " + x.peer.Guarantee
	}
	return title
}

// comparisons compares ours with each peer of a group, and with the strangers to
// it.
func comparisons(group, results []result) []comparison {
	at := slices.IndexFunc(group, func(r result) bool { return r.System == ours })
	if at < 0 {
		return nil
	}
	own := group[at]
	var list []comparison
	for _, peer := range slices.Concat(group, strangers(group, results)) {
		if peer.System == ours {
			continue
		}
		x := comparison{peer: peer, guarantee: own.Guarantee}
		for _, f := range figures {
			a, b := *f.of(&own), *f.of(&peer)
			if a == nil || b == nil || *b == 0 {
				x.ratios = append(x.ratios, nil)
				continue
			}
			x.ratios = append(x.ratios, new(*a / *b))
		}
		list = append(list, x)
	}
	return list
}

// strangers ran the workload of a group, but only with another guarantee.
func strangers(group, results []result) []result {
	var list []result
	for _, r := range results {
		known := slices.ContainsFunc(group, func(x result) bool { return x.System == r.System })
		if r.Workload == group[0].Workload && !known {
			list = append(list, r)
		}
	}
	return list
}

func hasOurs(results []result) bool {
	return slices.ContainsFunc(results, func(r result) bool { return r.System == ours })
}
