package main

import (
	"slices"
	"time"
)

// quickness says how a system takes part where latency is measured, if no commit
// interval is named.
type quickness int

const (
	asIs      quickness = iota // with its own commit interval
	isQuick                    // with quickCommit, and one thread
	alsoQuick                  // with its own, and as a system of its own with that of those that are quick
)

// quickCommit is the commit interval of who wants latency: a transaction lasts
// longer than that, so that there is always one under way. Of one thread there are
// half as many as of two, each twice as large.
const quickCommit = 2 * time.Millisecond

// quickly are the systems whose latency is measured.
func quickly(systems []system) []system {
	all := slices.Clone(systems)
	ours := false
	for i := range all {
		if s := &all[i]; s.quick == isQuick && s.commit == 0 {
			s.commit, s.threads, ours = quickCommit, max(s.threads, 1), true
		}
	}
	for _, s := range systems {
		if !ours || s.quick != alsoQuick || s.commit != 0 {
			continue
		}
		s.name, s.commit = s.program+"@"+quickCommit.String(), quickCommit
		if !slices.ContainsFunc(all, func(other system) bool { return other.name == s.name }) {
			all = append(all, s)
		}
	}
	return all
}
