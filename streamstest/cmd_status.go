package streamstest

import (
	"fmt"
	"slices"
)

// status shows the tasks: on which instance each is, its stream time, and how
// far its inputs are committed.
//
//	status
//	----
//	task 0_0  instance 0  stream time 0:12  orders-0 at 2 of 2
func cmdStatus(s *Script, c call) error {
	var rows [][]string
	for _, r := range s.d.tasks() {
		ms, time := *r.StreamTime(), "none"
		if ms >= 0 {
			time = clock(ms)
		}
		row := []string{"task " + r.ID().String(), fmt.Sprintf("instance %d", slices.Index(s.d.instances, r.on)), "stream time " + time}
		for _, t := range r.inputs {
			p := t.partitions[r.ID().Partition]
			row = append(row, fmt.Sprintf("%s-%d at %d of %d", t.name, r.ID().Partition, max(0, p.next), p.end()))
		}
		rows = append(rows, row)
	}
	c.columns(rows)
	return nil
}
