package graph

import "strings"

// The names of internal topics are those that Kafka Streams gives them, so
// that either can take over the other's topics.

// The names of the nodes at both ends of a repartition topic end so.
const (
	repartitionSink   = "-repartition-sink"
	repartitionSource = "-repartition-source"
)

// ChangelogTopic is the full name of the changelog topic of a store.
func ChangelogTopic(app, store string) string { return app + "-" + store + "-changelog" }

// RepartitionTopic is the full name of a repartition topic.
func RepartitionTopic(app, name string) string { return app + "-" + name + "-repartition" }

// TopicNames are the full names of the topics that the source reads, nil for
// one with a pattern.
func (s *Source) TopicNames(app string) []string {
	if s.Repartition != nil {
		return []string{RepartitionTopic(app, s.Repartition.Name)}
	}
	return s.Topics
}

// TopicName is the full name of the topic that the sink writes.
func (s *Sink) TopicName(app string) string {
	if s.Repartition != nil {
		return RepartitionTopic(app, s.Repartition.Name)
	}
	return s.Topic
}

// Ends are the names of the nodes that write and read the repartition topic.
func (r *Repartition) Ends() (sink, source string) {
	return r.Name + repartitionSink, r.Name + repartitionSource
}

// Internal reports whether a topic has the name of an internal one of the
// application. Patterns never match those.
func Internal(app, topic string) bool {
	return strings.HasPrefix(topic, app+"-") &&
		(strings.HasSuffix(topic, "-changelog") || strings.HasSuffix(topic, "-repartition"))
}
