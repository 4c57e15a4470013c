package streamstest

import (
	"fmt"
	"slices"
)

// status shows the tasks: on which instance each is, its stream time, and how
// far its inputs are committed. Those with a watermark say how far that is, and
// whether it holds back stream time or is left out.
//
//	status
//	----
//	task 0_0  instance 0  stream time 0:12  orders-0 at 2 of 2
//	task 1_0  instance 0  stream time 0:05  a-0 at 2 of 2, watermark 0:09  b-0 at 1 of 1, watermark 0:05, holds back
func cmdStatus(s *Script, c call) error {
	var rows [][]string
	for _, r := range s.d.tasks() {
		ms, time := *r.StreamTime(), "none"
		if ms >= 0 {
			time = clock(ms)
		}
		row := []string{"task " + r.ID().String(), fmt.Sprintf("instance %d", slices.Index(s.d.instances, r.on)), "stream time " + time}
		for _, in := range s.d.taskStatus(r).Inputs {
			text := fmt.Sprintf("%s-%d at %d of %d", in.Topic, r.ID().Partition, in.Committed, in.End)
			if in.WatermarkMs >= 0 {
				text += ", watermark " + clock(in.WatermarkMs)
			}
			if in.HoldsBack {
				text += ", holds back"
			}
			if in.Idle {
				text += ", idle"
			}
			if in.Disordered > 0 {
				text += fmt.Sprintf(", %d disordered", in.Disordered)
			}
			row = append(row, text)
		}
		rows = append(rows, row)
	}
	c.columns(rows)
	return nil
}
