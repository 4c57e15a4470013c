package changelog

import (
	"maps"
	"strings"
	"time"
)

// Kind says what an internal topic is for.
type Kind uint8

const (
	// Changelog topics hold the latest value of every key of a store.
	Changelog Kind = iota
	// Repartition topics hand records from one subtopology to the next. Their
	// records are deleted once they are processed, never by age.
	Repartition
)

// String returns the kind's lower-case name.
func (k Kind) String() string {
	if k == Repartition {
		return "repartition"
	}
	return "changelog"
}

// Topic is an internal topic as an application needs it.
type Topic struct {
	Name string
	Kind Kind
	// Partitions is the exact number of partitions.
	Partitions int32
	// ReplicationFactor is that of a topic to be made. Defaults to what the
	// broker has as default.
	ReplicationFactor int16
	// Configs are topic configs beside and above those of the Kind. They
	// apply to a topic to be made. Defaults to none.
	Configs map[string]string
	// Why tells, for errors, where the number of partitions comes from, for
	// example `store "counts" of subtopology 1, which reads "words"`.
	Why string
}

// Info is what Ensure found out about a topic.
type Info struct {
	ID         [16]byte
	Partitions int32
	// DeleteRetention is the topic's delete.retention.ms: how long tombstones
	// stay readable.
	DeleteRetention time.Duration
	// Retention is how old a record may get, by its own time and the clock of the
	// broker, before that may delete it; 0 is for ever.
	Retention time.Duration
	// Created says that this call of Ensure made the topic.
	Created bool
}

// The topic configs that matter here.
const (
	cleanupPolicy   = "cleanup.policy"
	deleteRetention = "delete.retention.ms"
	retention       = "retention.ms"
	timestampType   = "message.timestamp.type"
)

// configs are what Kafka Streams 4.3 gives topics of the kind
// (InternalTopicConfig and its subclasses), with the topic's own above them.
func (t *Topic) configs() map[string]string {
	c := map[string]string{timestampType: "CreateTime"}
	switch t.Kind {
	case Changelog:
		c[cleanupPolicy] = "compact"
	case Repartition:
		c[cleanupPolicy] = "delete"
		c[retention] = "-1"
		c["segment.bytes"] = "52428800"
	}
	maps.Copy(c, t.Configs)
	return c
}

// compacted reports whether a cleanup.policy has compaction in it.
func compacted(policy string) bool { return includes(policy, "compact") }

func includes(policy, what string) bool {
	for p := range strings.SplitSeq(policy, ",") {
		if strings.TrimSpace(p) == what {
			return true
		}
	}
	return false
}
