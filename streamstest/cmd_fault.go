package streamstest

import (
	"fmt"
	"strconv"
)

// fault makes the next transactions fail: times=n of them, one if that is left
// out.
//
//	fault produce times=2
//	----
func cmdFault(s *Script, c call) error {
	what, err := c.word("fault")
	if err != nil {
		return err
	}
	if what != "produce" {
		return fmt.Errorf("there is no fault %s: it is produce", what)
	}
	times := 1
	if text := c.value("times"); text != "" {
		if times, err = strconv.Atoi(text); err != nil {
			return err
		}
	}
	s.d.Abort(times)
	return nil
}
