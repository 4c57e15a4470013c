package streamstest

// printed shows what the application has written to the world outside, beside
// topics, since it was last asked; see Script.Printed.
//
//	printed
//	----
//	for each alice=3
func cmdPrinted(s *Script, c call) error {
	if s.Printed != nil {
		c.printf("%s", s.Printed(s.built))
	}
	return nil
}
