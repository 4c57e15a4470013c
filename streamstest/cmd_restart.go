package streamstest

// restart stops all instances cleanly and starts them again.
//
//	restart
//	----
func cmdRestart(s *Script, c call) error { return s.act(c, s.d.Restart) }
