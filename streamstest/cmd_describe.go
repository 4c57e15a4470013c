package streamstest

// describe shows the topology as text.
//
//	describe
//	----
//	subtopology 0
//	...
func cmdDescribe(s *Script, c call) error {
	c.printf("%s", s.d.graph.Describe())
	return nil
}
