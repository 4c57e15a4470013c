package streamstest

import "strconv"

// rebalance goes on with another number of instances.
//
//	rebalance n=3
//	----
//
// By example: internal/corpus/testdata/instances.txt.
func cmdRebalance(s *Script, c call) error {
	n, err := strconv.Atoi(c.value("n"))
	if err != nil {
		return err
	}
	return s.act(c, func() { s.d.Rebalance(n) })
}
