package graph

import (
	"cmp"
	"strings"
)

// The names of internal topics are those that Kafka Streams gives them, so
// that either can take over the other's topics.

// The names of the nodes at both ends of a repartition topic end so.
const (
	repartitionSink   = "-repartition-sink"
	repartitionSource = "-repartition-source"
)

// ChangelogTopic is the full name of the changelog topic of a store.
func ChangelogTopic(app, store string) string { return app + "-" + store + "-changelog" }

// RepartitionTopic is the full name of an internal topic with the given suffix;
// see Repartition.
func RepartitionTopic(app, name, suffix string) string {
	return app + "-" + name + cmp.Or(suffix, "-repartition")
}

// The ends of the names of the topics of a foreign-key join, and the suffix that
// both have.
const (
	Registration    = "-subscription-registration"
	Response        = "-subscription-response"
	ForeignKeyTopic = "-topic"
)

// topicName is the full name of the topic.
func (r *Repartition) topicName(app string) string { return RepartitionTopic(app, r.Name, r.Suffix) }

// TopicNames are the full names of the topics that the source reads, nil for
// one with a pattern.
func (s *Source) TopicNames(app string) []string {
	if s.Repartition != nil {
		return []string{s.Repartition.topicName(app)}
	}
	return s.Topics
}

// TopicName is the full name of the topic that the sink writes.
func (s *Sink) TopicName(app string) string {
	if s.Repartition != nil {
		return s.Repartition.topicName(app)
	}
	return s.Topic
}

// Ends are the names of the nodes that write and read the repartition topic.
func (r *Repartition) Ends() (sink, source string) {
	if r.Suffix != "" {
		return r.Name + "-sink", r.Name + "-source"
	}
	return r.Name + repartitionSink, r.Name + repartitionSource
}

// Internal reports whether a topic has the name of an internal one of the
// application. Patterns never match those.
func Internal(app, topic string) bool {
	if !strings.HasPrefix(topic, app+"-") {
		return false
	}
	for _, suffix := range [...]string{"-changelog", "-repartition", Registration + ForeignKeyTopic, Response + ForeignKeyTopic} {
		if strings.HasSuffix(topic, suffix) {
			return true
		}
	}
	return false
}
