package kafkatest

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// DefaultVersion is the Apache Kafka that tests run against.
const DefaultVersion = "4.3.0"

// KillVersion is the Apache Kafka for tests that kill their broker: 4.3.0 and
// 4.3.1 can lose transaction markers then (KAFKA-20734), 4.2.0 does not.
const KillVersion = "4.2.0"

// Options describe a real broker of a test's own.
type Options struct {
	// Version of Apache Kafka. Defaults to DefaultVersion.
	Version string

	// Secure makes the clients' listener SASL_SSL, with the mechanisms PLAIN,
	// SCRAM-SHA-256 and SCRAM-SHA-512. Defaults to a plaintext listener.
	Secure bool

	// Properties are added to server.properties and win over ours. Defaults to
	// none.
	Properties map[string]string
}

func (o Options) withDefaults() Options {
	if o.Version == "" {
		o.Version = DefaultVersion
	}
	return o
}

// ports of one broker on 127.0.0.1. Inter is the listener between brokers and
// only used by a secured one.
type ports struct{ client, controller, inter int }

// properties renders server.properties of a single KRaft node. What differs
// from Kafka's defaults either makes a single node possible (replication 1),
// or a test fast (few internal partitions, no rebalance delay, quick cleaner),
// or the same each time (what a topic keeps for a time goes at once when that is over,
// and not after 30 s or five minutes, while some test or other runs; topics that say
// nothing keep all), or equal to kfake (no automatic topics).
func (o Options) properties(dir string, p ports, sec *Security) string {
	listener := "PLAINTEXT"
	if o.Secure {
		listener = "SASL_SSL"
	}
	client := fmt.Sprintf("%s://127.0.0.1:%d", listener, p.client)
	props := map[string]string{
		"process.roles":                                    "broker,controller",
		"node.id":                                          "1",
		"controller.quorum.voters":                         fmt.Sprintf("1@127.0.0.1:%d", p.controller),
		"listeners":                                        fmt.Sprintf("%s,CONTROLLER://127.0.0.1:%d", client, p.controller),
		"advertised.listeners":                             client,
		"controller.listener.names":                        "CONTROLLER",
		"listener.security.protocol.map":                   "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL",
		"log.dirs":                                         filepath.ToSlash(filepath.Join(dir, "data")),
		"offsets.topic.replication.factor":                 "1",
		"transaction.state.log.replication.factor":         "1",
		"transaction.state.log.min.isr":                    "1",
		"share.coordinator.state.topic.replication.factor": "1",
		"share.coordinator.state.topic.min.isr":            "1",
		"offsets.topic.num.partitions":                     "4",
		"transaction.state.log.num.partitions":             "4",
		"group.initial.rebalance.delay.ms":                 "0",
		"log.cleaner.backoff.ms":                           "2000",
		"log.initial.task.delay.ms":                        "500",
		"log.retention.check.interval.ms":                  "1000",
		"log.retention.ms":                                 "-1",
		"auto.create.topics.enable":                        "false",
	}
	if o.Secure {
		inter := fmt.Sprintf("PLAINTEXT://127.0.0.1:%d", p.inter)
		props["listeners"] += "," + inter
		props["advertised.listeners"] += "," + inter
		props["inter.broker.listener.name"] = "PLAINTEXT"
		maps.Copy(props, sec.brokerProperties(dir))
	}
	maps.Copy(props, o.Properties)
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(props)) {
		fmt.Fprintf(&b, "%s=%s\n", k, props[k])
	}
	return b.String()
}
