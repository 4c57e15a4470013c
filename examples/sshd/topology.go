package main

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

const (
	// span is how long failures are counted together.
	span = 10 * time.Minute
	// tooMany is how many of them are an attack.
	tooMany = 10
	// mostRepeated is how many repetitions of a line are believed.
	mostRepeated = 1000
)

// detector is the whole topology. Failures are counted in windows that begin
// every half minute, so that an attack is found wherever it begins; the first of
// the 20 windows that has seen enough gives the alert.
func detector() *topology.Builder {
	b := topology.New()
	lines := topology.Stream[string, string](b, "auth_log", topology.TimeField(timeOf, "2006 Jan _2 15:04:05", time.UTC))
	failures := topology.GroupBy(topology.FlatMapValues(lines, failed), func(_, address string) string { return address })

	recent := windowing.Count(failures, "recent", windowing.Hopping(span, 30*time.Second).Grace(time.Minute))
	attacks := recent.ToStream().Filter(func(_ state.Windowed[string], n int64) bool { return n == tooMany })
	once := windowing.Deduplicate(attacks, "alerted", span, func(w state.Windowed[string], _ int64) string { return w.Key })
	alerts := topology.Map(once, func(w state.Windowed[string], n int64) (string, string) {
		return w.Key, fmt.Sprintf("%d failures within %s", n, span)
	})
	topology.To(alerts, "alerts")

	ever := topology.Count(failures, "ever", topology.EmitLatest(time.Hour))
	topology.To(ever.ToStream(), "failures", topology.ValueSerde(serde.DecimalInt64))
	return b
}

// timeOf is the time of a line: "Dec 10 06:55:48".
func timeOf(line string) string { return year + " " + line[:min(len(line), len(time.Stamp))] }

// wrong is what sshd says of a wrong password; syslog says once that a message
// was repeated.
var wrong = regexp.MustCompile(`sshd\[\d+\]: (?:message repeated (\d+) times: \[ )?Failed password for .* from (\S+) port \d+`)

// failed are the addresses in a line, one for each wrong password.
func failed(line string) (addresses []string) {
	found := wrong.FindStringSubmatch(line)
	if found == nil {
		return nil
	}
	times := 1
	if found[1] != "" {
		times, _ = strconv.Atoi(found[1]) // digits: of too many of them the highest number there is
	}
	for range min(times, mostRepeated) {
		addresses = append(addresses, found[2])
	}
	return addresses
}
