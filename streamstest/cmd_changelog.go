package streamstest

import "fmt"

// changelog shows the records of a store's changelog topic.
//
//	changelog counts
//	----
//	out test-counts-changelog  alice  3  @0:05
func cmdChangelog(s *Script, c call) error {
	name, err := c.word("store")
	if err != nil {
		return err
	}
	t := s.d.topics[s.d.ChangelogTopic(name)]
	if t == nil {
		return fmt.Errorf("the topology has no store %s with a changelog", name)
	}
	s.show(c, t, 0, true)
	return nil
}
