package kafkatest

import "context"

// Launch starts a real broker below dir for a program that is no test, such as
// a benchmark, whatever the environment says. The broker runs until the
// function that is returned is called.
func Launch(ctx context.Context, opts Options, dir string) (*Broker, func(), error) {
	n, err := launch(ctx, opts.withDefaults(), dir)
	if err != nil {
		return nil, nil, err
	}
	return n.broker(), n.proc.kill, nil
}

// Java returns the path of a Java that is recent enough for Apache Kafka, or an
// error that says what is missing.
func Java(ctx context.Context) (string, error) { return findJava(ctx) }
