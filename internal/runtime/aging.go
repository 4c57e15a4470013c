package runtime

import (
	"time"

	"github.com/millrace-io/millrace/internal/graph"
)

// warnOfAge warns, once, of each store of windows or of a join whose changelog does
// not keep what is written to it. Its records have the times of the input, and the
// broker counts by its own clock: of an input that is older than retention.ms it
// deletes rows that are needed. Kafka Streams says nothing there.
func (i *Instance) warnOfAge() {
	for _, h := range i.running() {
		newest := h.pub.Load().StreamTime.Load()
		for _, spec := range h.sub.Stores {
			if !spec.Logged || newest < 0 || i.aging[spec.Name] {
				continue
			}
			topic := graph.ChangelogTopic(i.cfg.App, spec.Name)
			kept := i.layout().infos[topic].Retention
			if age := i.now().Sub(time.UnixMilli(newest)); kept > 0 && age > kept {
				i.aging[spec.Name] = true
				i.log.Warn("a store is not safe: the broker may delete at once what its changelog gets, since the input is older than the topic's retention.ms",
					"store", spec.Name, "topic", topic, "task", h.id.String(), "stream_time", time.UnixMilli(newest).UTC(), "retention", kept,
					"hint", "set retention.ms=-1 on the topic until the input has caught up, or in the code with topology.LogConfig; "+
						"else what is open is lost with the disk of this instance")
			}
		}
	}
}
