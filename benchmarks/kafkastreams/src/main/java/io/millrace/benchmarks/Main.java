package io.millrace.benchmarks;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.TimeWindowedKStream;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.processor.FailOnInvalidTimestamp;

/**
 * The Kafka Streams program of benchmarks/sidebyside: two threads, RocksDB, and
 * otherwise its defaults. It takes the flags, and prints the event, that package
 * benchmarks/internal/program describes.
 */
public final class Main {
    private static final AtomicBoolean BEGAN = new AtomicBoolean();

    // Those of benchmarks/internal/program.
    private static final Duration SIZE = Duration.ofSeconds(10);
    private static final int OVERLAP = 10;
    private static final Duration GRACE = Duration.ofSeconds(1);
    private static final JoinWindows JOIN = JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(1), GRACE);
    private static final TimeWindows WINDOWS = TimeWindows.ofSizeAndGrace(SIZE, GRACE);

    public static void main(String[] args) {
        Map<String, String> flags = new HashMap<>();
        for (int i = 0; i + 1 < args.length; i += 2) {
            flags.put(args[i], args[i + 1]);
        }
        AtomicBoolean failed = new AtomicBoolean();
        KafkaStreams streams = new KafkaStreams(topology(flags), config(flags));
        streams.setUncaughtExceptionHandler(e -> {
            e.printStackTrace();
            failed.set(true);
            new Thread(() -> System.exit(1)).start();
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            streams.close();
            // Without this a Java machine that ends by a signal exits with 143.
            Runtime.getRuntime().halt(failed.get() ? 1 : 0);
        }));
        streams.start();
    }

    private static Topology topology(Map<String, String> flags) {
        StreamsBuilder builder = new StreamsBuilder();
        KStream<String, String> in = builder.stream(flags.get("-in"),
            Consumed.with(Serdes.String(), Serdes.String()).withTimestampExtractor(new FirstRecord()));
        String out = flags.get("-out");
        switch (flags.get("-topology")) {
            case "pass" -> in.filter((key, value) -> value.charAt(0) != '-')
                .mapValues(value -> "+" + value.substring(1))
                .to(out, Produced.with(Serdes.String(), Serdes.String()));
            case "count" -> in.groupByKey()
                .count(Materialized.as("counts"))
                .toStream()
                .to(out, Produced.with(Serdes.String(), Serdes.Long()));
            case "window" -> windowed(in.groupByKey().windowedBy(WINDOWS), out);
            case "window-hopping" -> windowed(in.groupByKey().windowedBy(WINDOWS.advanceBy(SIZE.dividedBy(OVERLAP))), out);
            case "window-close" -> windowed(in.groupByKey().windowedBy(WINDOWS).emitStrategy(EmitStrategy.onWindowClose()), out);
            case "join" -> in.join(
                    builder.stream(flags.get("-right"),
                        Consumed.with(Serdes.String(), Serdes.String()).withTimestampExtractor(new FirstRecord())),
                    (left, right) -> left, JOIN, StreamJoined.with(Serdes.String(), Serdes.String(), Serdes.String()))
                .to(out, Produced.with(Serdes.String(), Serdes.String()));
            default -> throw new IllegalArgumentException("-topology " + flags.get("-topology"));
        }
        return builder.build();
    }

    private static void windowed(TimeWindowedKStream<String, String> group, String out) {
        group.count(Materialized.as("counts"))
            .toStream()
            .to(out, Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, SIZE.toMillis()), Serdes.Long()));
    }

    private static Properties config(Map<String, String> flags) {
        boolean exactlyOnce = flags.get("-guarantee").equals("exactly-once");
        Properties p = new Properties();
        p.put(StreamsConfig.APPLICATION_ID_CONFIG, flags.get("-app"));
        p.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, flags.get("-brokers"));
        p.put(StreamsConfig.STATE_DIR_CONFIG, flags.get("-state"));
        p.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, Integer.parseInt(flags.getOrDefault("-threads", "2")));
        p.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        p.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        p.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG,
            exactlyOnce ? StreamsConfig.EXACTLY_ONCE_V2 : StreamsConfig.AT_LEAST_ONCE);
        if (flags.containsKey("-commit")) {
            p.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, millis(flags.get("-commit")));
        } else if (!exactlyOnce) {
            // Its cache holds results back until a commit: with the default of
            // 30 s the last ones would decide the rate. This is the default of
            // exactly once.
            p.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
        }
        return p;
    }

    /** Takes a duration as the driver writes it: milliseconds, such as 5ms. */
    private static int millis(String duration) {
        if (!duration.endsWith("ms")) {
            throw new IllegalArgumentException("-commit " + duration + ": it is in milliseconds, such as 5ms");
        }
        return Integer.parseInt(duration.substring(0, duration.length() - 2));
    }

    /** Tells the driver when the first record is processed; the time it extracts is the default's. */
    private static final class FirstRecord extends FailOnInvalidTimestamp {
        @Override
        public long extract(ConsumerRecord<Object, Object> record, long partitionTime) {
            if (!BEGAN.get() && BEGAN.compareAndSet(false, true)) {
                System.out.println("{\"event\":\"processing\",\"unix_ms\":" + System.currentTimeMillis() + "}");
            }
            return super.extract(record, partitionTime);
        }
    }
}
