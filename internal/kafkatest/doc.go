// Package kafkatest gives tests a broker: an in-process fake one (kfake)
// always, and a real Apache Kafka as well when MILLRACE_KAFKA=1.
//
//	func TestMain(m *testing.M) { os.Exit(kafkatest.Main(m)) }
//
//	func TestCounts(t *testing.T) {
//		kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
//			in := b.NewTopic(t, 4)
//			b.Produce(t, &kgo.Record{Topic: in, Value: []byte("a")})
//			got := b.ReadCommitted(t, in)
//			...
//		})
//	}
//
// The real broker is a single KRaft node without containers. The first use
// fetches it with Maven into the user's cache folder; later uses start in about
// five seconds. It needs Java 17 or later and, once per version, Maven. If they
// are missing the test fails and says so; it never skips.
//
// What a process started, it stops: a broker belongs to the test that asked for
// it, or with Main to the test binary. On Linux the kernel kills the broker if
// the test binary dies first (a panic, a time-out, SIGKILL). Elsewhere a test
// binary that is killed leaves its broker behind.
//
// The environment:
//
//	MILLRACE_KAFKA        "1" runs the tests against Apache Kafka too
//	MILLRACE_KAFKA_ONLY   "1" beside it leaves out what runs on the fake and on the
//	                      embedded broker, for a suite that has just passed there
//	MILLRACE_KAFKA_CACHE  folder for the brokers' jars; defaults to
//	                      millrace in the user's cache folder
//
// The package knows nothing of topologies, stores or the runtime.
package kafkatest
