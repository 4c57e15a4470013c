package streamstest

import (
	"cmp"
	"slices"
	"strconv"
)

// metrics shows how many records the nodes have dropped, by reason.
//
//	metrics
//	----
//	counts  null_key  2
func cmdMetrics(s *Script, c call) error {
	seen := map[drop]bool{}
	for k := range s.d.drops {
		seen[k] = true
	}
	for _, r := range s.d.tasks() {
		for _, n := range r.Published().Drops() {
			seen[drop{n.Node, n.Reason}] = true
		}
	}
	var rows [][]string
	for k := range seen {
		if n := s.d.Dropped(k.node, k.reason); n > 0 {
			rows = append(rows, []string{k.node, k.reason, strconv.FormatUint(n, 10)})
		}
	}
	slices.SortFunc(rows, func(a, b []string) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	c.columns(rows)
	return nil
}
