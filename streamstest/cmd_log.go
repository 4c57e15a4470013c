package streamstest

// log shows the errors that policies have settled since it was last asked.
//
//	log
//	----
//	skip: decode: task 0_0: node source-1: topic orders partition 0 offset 1: ...
func cmdLog(s *Script, c call) error {
	for _, text := range s.handled {
		c.printf("%s\n", text)
	}
	s.handled = nil
	return nil
}
