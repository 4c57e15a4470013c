package streamstest

// commit commits all that was processed, for scripts with commit=manual.
//
//	commit
//	----
//	out totals  alice  3  @0:05
func cmdCommit(s *Script, c call) error { return s.act(c, s.d.Commit) }
