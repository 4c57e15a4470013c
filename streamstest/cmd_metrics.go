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
	for at := range s.d.counts.drops {
		seen[at] = true
	}
	s.d.eachDrop(func(at drop, _ uint64) { seen[at] = true })
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
