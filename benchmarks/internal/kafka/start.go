package kafka

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/millrace-io/millrace/embedded"
	"github.com/millrace-io/millrace/internal/kafkatest"
)

// Start returns the addresses of the broker that is asked for, starting
// it below dir if need be, what to call it, and how to stop it.
func Start(ctx context.Context, asked, dir string) (addrs []string, name string, stop func(), err error) {
	switch asked {
	case "":
		b, stop, err := kafkatest.Launch(ctx, kafkatest.Options{}, dir)
		if err != nil {
			return nil, "", nil, fmt.Errorf("%w; or give the addresses of a Kafka with -brokers", err)
		}
		return b.Addrs, "Apache Kafka " + kafkatest.DefaultVersion, stop, nil
	case "embedded":
		b, err := embedded.Start(embedded.Config{})
		if err != nil {
			return nil, "", nil, err
		}
		return b.Addrs(), "the embedded broker, which is no Kafka", func() { _ = b.Close() }, nil
	}
	return strings.Split(asked, ","), "the Kafka at " + asked, func() {}, nil
}

// Folder makes the folder for a benchmark's files, below dir if it is not empty,
// and returns its absolute path and how to remove it.
func Folder(dir, benchmark string) (string, func(), error) {
	if dir != "" {
		var err error
		if dir, err = filepath.Abs(dir); err != nil {
			return "", nil, err
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", nil, err
		}
	}
	made, err := os.MkdirTemp(dir, benchmark+"-")
	return made, func() { _ = os.RemoveAll(made) }, err
}
