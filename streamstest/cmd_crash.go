package streamstest

import (
	"fmt"
	"strconv"
)

// crash takes an instance down, or all of them: now, or at a step of its next
// commit (before_commit, after_freeze, after_produce, after_end, after_apply).
//
//	crash at=after_produce instance=0
//	----
//
// By example: internal/corpus/testdata/crash.txt.
func cmdCrash(s *Script, c call) error {
	var instances []int
	if text := c.value("instance"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n >= len(s.d.instances) {
			return fmt.Errorf("instance=%s: they are numbered from 0 to %d", text, len(s.d.instances)-1)
		}
		instances = []int{n}
	}
	at := c.value("at")
	if at == "" {
		return s.act(c, func() { s.d.Crash(instances...) })
	}
	for step := range numSteps {
		if step.String() == at {
			s.d.CrashAt(step, instances...)
			return nil
		}
	}
	return fmt.Errorf("at=%s is no step of a commit", at)
}
