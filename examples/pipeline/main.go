// Pipeline counts what the users of a site do and reports it once a minute.
//
// The topic events holds what came in from outside: events as JSON, some of
// them twice, some of them no events at all. Each event is counted once; what
// each user has done of each type in the last five minutes, how often and with
// which data, goes to a service, and with its answer to output_topic: a report
// per window of event time, of which one begins each minute, and another one
// when it has changed. Events count although they come ten minutes late. What
// cannot be read, and what the service or the topic does not take after three
// more attempts, goes to dead_letter, with headers that say why.
//
// The broker is reached over SASL_SSL, the one in this process too.
//
//	go run ./examples/pipeline
//	go run ./examples/pipeline -down user_3
//	go run ./examples/pipeline -follow -every 5s
//	KAFKA_PASSWORD=... go run ./examples/pipeline -brokers kafka.example.com:9093 -user ann
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/examples/internal/demo"
	"github.com/millrace-io/millrace/processor"
)

func main() {
	down := flag.String("down", "user_5", "the user whose reports the service never takes")
	every := flag.Duration("every", time.Minute, "how often to report")
	user := flag.String("user", "", "user at -brokers, with SCRAM-SHA-512 over TLS; the password is in the environment variable KAFKA_PASSWORD")
	demo.Main(func() (demo.Example, error) {
		e := example(input(), *every, service(*down))
		if *user != "" {
			e.Config.Client = login(*user, os.Getenv("KAFKA_PASSWORD"))
		}
		return e, nil
	})
}

func example(events []string, every time.Duration, send Send) demo.Example {
	e := demo.Example{
		Config:   millrace.Config{AppID: "pipeline", Errors: policies()},
		Topology: pipeline(every, send),
		Topics:   map[string]int32{"events": 1, "output_topic": 1, "dead_letter": 1},
		Output:   []string{"output_topic", "dead_letter"},
		Secure:   true,
	}
	for _, event := range events {
		e.Input = append(e.Input, demo.Record{Topic: "events", Value: []byte(event)})
	}
	return e
}

// policies send every record that fails to one topic: at once if it will never
// do, after three more attempts if it was the output that failed. Calls of the
// service have retries of their own.
func policies() processor.Policies {
	return processor.Policies{
		Decode:          processor.Policy{Then: processor.DeadLetter},
		Process:         processor.Policy{Then: processor.DeadLetter},
		Produce:         processor.Policy{Retries: retries, Then: processor.DeadLetter},
		DeadLetterTopic: "dead_letter",
	}
}

// login is Kafka's security protocol SASL_SSL, for brokers whose certificate
// the system trusts.
func login(user, password string) []kgo.Opt {
	return []kgo.Opt{
		kgo.DialTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12}),
		kgo.SASL(scram.Auth{User: user, Pass: password}.AsSha512Mechanism()),
	}
}

// service stands for one that takes reports over the network, and is down for
// one user.
func service(down string) Send {
	return func(_ context.Context, r Report) (Report, error) {
		if r.User == down {
			return r, errors.New("service unavailable")
		}
		return r, nil
	}
}
