package topology

import "github.com/millrace-io/millrace/status"

// Effect is an effect with a title, if it is the first of its table.
type Effect struct {
	Title              string
	Severity           status.Severity
	When, Text, Remedy string
}

// Effects are all that Diff may find, in the order of docs/topology-changes.md.
func Effects() (all []Effect) {
	titles := map[change]string{
		storeRemoved: "Stores", storeField: "What stores and repartition topics hold", repartitionRemoved: "Repartition topics",
		topicAdded: "Topics of others", globalAdded: "Global tables", timeRenamed: "Operators and subtopologies",
	}
	for c, e := range effects {
		all = append(all, Effect{titles[change(c)], e.severity, e.when, e.text, e.remedy})
	}
	return all
}
