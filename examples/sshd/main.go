// Sshd finds addresses that try passwords on a server.
//
// The topic auth_log holds the lines of the log that sshd writes (auth.log on
// Debian, secure on Red Hat). An address with ten wrong passwords or more within
// ten minutes is written to the topic alerts, once for each ten minutes; the
// topic failures gets the number of wrong passwords of each address ever.
//
//	go run ./examples/sshd
package main

import (
	_ "embed"
	"strings"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/examples/internal/demo"
)

//go:embed auth.log
var log string

// year is that of the log: its lines do not say.
const year = "2024"

func main() { demo.Main(func() (demo.Example, error) { return example(), nil }) }

func example() demo.Example {
	e := demo.Example{
		Config:   millrace.Config{AppID: "sshd"},
		Topology: detector(),
		Topics:   map[string]int32{"auth_log": 1, "alerts": 1, "failures": 1},
		Output:   []string{"alerts", "failures"},
	}
	for line := range strings.Lines(log) {
		e.Input = append(e.Input, demo.Record{Topic: "auth_log", Value: []byte(strings.TrimSuffix(line, "\n"))})
	}
	return e
}
