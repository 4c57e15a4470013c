package graph

import (
	"maps"
	"reflect"
	"strconv"
	"time"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// StoreSpec is one store of a topology.
type StoreSpec struct {
	Name       string
	Line       string
	Format     state.Format
	Key, Value string         // type names, for descriptions
	Types      []reflect.Type // of key and value, for descriptions
	Detail     string         // what else describes the store, as in Node
	// Logged says whether there is a changelog topic.
	Logged bool
	// LogConfig are topic configs of the changelog beside the standard ones.
	LogConfig map[string]string
	// Serdes are those of the changelog.
	Serdes TopicSerdes
	// TTL is how long entries live, History how long versions can be read,
	// Retention how long windows live; 0 for stores without.
	TTL, History, Retention time.Duration
	// Keep says that a restore leaves out nothing that has expired: the task has
	// a watermark, which the changelog does not know. Compile sets it.
	Keep bool
	// New makes the typed transactional view of one task over its bytes.
	New func(base state.Store) TaskStore
}

// SpecOf is what all kinds of stores of node n have in common, and the serdes as
// they are for the changelog. It lacks New.
func SpecOf[K, V any](b *Builder, n *Node, name string, f state.Format, o *Options, ks serde.Serde[K], vs serde.Serde[V]) (*StoreSpec, serde.Serde[K], serde.Serde[V]) {
	s := &StoreSpec{
		Name: name, Line: n.Line, Format: f, Key: TypeName[K](), Value: TypeName[V](), Types: TypesOf[K, V](),
		Detail: SerdeNames(ks, vs), Logged: !o.Given(OptUnlogged), LogConfig: o.LogConfig,
	}
	changelog := name + "-changelog"
	ks, vs = ForTopic(b, n, ks, changelog, serde.Key), ForTopic(b, n, vs, changelog, serde.Value)
	s.Serdes = TopicSerdes{Key: ks, Value: vs}
	return s, ks, vs
}

// LogAs gives the changelog the configs of its kind, but for those that the user
// gave.
func (s *StoreSpec) LogAs(kind map[string]string) {
	maps.Copy(kind, s.LogConfig)
	s.LogConfig = kind
}

// WindowLog are the configs of the changelog of a store whose rows go by
// themselves, and are needed for a time; 0 is for ever. They are those that Kafka
// Streams gives to stores of windows and sessions.
func WindowLog(needed time.Duration) map[string]string {
	if needed == 0 {
		return map[string]string{"cleanup.policy": "compact"}
	}
	return map[string]string{"cleanup.policy": "compact,delete", "retention.ms": LogTime(needed)}
}

// LogTime is how long the broker keeps records of a changelog that are needed for
// a time, in milliseconds as a config wants them: a day longer, which is Kafka
// Streams' windowstore.changelog.additional.retention.ms.
func LogTime(needed time.Duration) string {
	return strconv.FormatInt(needed.Milliseconds()+(24*time.Hour).Milliseconds(), 10)
}
