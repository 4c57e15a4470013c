package streamstest

import "time"

// advance moves the wall clock: by 1m30s, or any other time.Duration.
// Punctuations on the way happen at their times.
//
//	advance 10s
//	----
func cmdAdvance(s *Script, c call) error {
	text, err := c.word("duration")
	if err != nil {
		return err
	}
	by, err := time.ParseDuration(text)
	if err != nil {
		return err
	}
	return s.act(c, func() {
		s.d.Advance(by)
		s.flush()
	})
}
