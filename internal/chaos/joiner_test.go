package chaos

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state/lsm"
	"github.com/millrace-io/millrace/topology"
)

// joiner as the first argument makes the test binary the program whose copies
// are killed: it joins impressions and clicks, with their unmatched ones.
const joiner = "joiner"

const (
	clickWithin = 2 * time.Second
	clicksLate  = 20 * time.Second
)

func runJoiner(args []string) int {
	f := flag.NewFlagSet(joiner, flag.ExitOnError)
	brokers := f.String("brokers", "", "addresses, host:port,...")
	state := f.String("state", "", "folder")
	app := f.String("app", "", "application id")
	impressions := f.String("impressions", "", "topic")
	clicks := f.String("clicks", "", "topic")
	out := f.String("out", "", "topic")
	session := f.Duration("session", 0, "session time-out")
	_ = f.Parse(args) // exits

	b := topology.New()
	window := joins.Between(0, clickWithin).Grace(clicksLate)
	joined := joins.Outer(topology.Stream[string, string](b, *impressions), topology.Stream[string, string](b, *clicks), "joined", window,
		func(_ string, i, c processor.Maybe[string]) string { return pair(i.Value, c.Value) })
	topology.To(joined, *out)

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a, err := millrace.New(b, millrace.Config{
		AppID: *app, Brokers: strings.Split(*brokers, ","), State: lsm.Dir(*state), SessionTimeout: *session,
	})
	if err == nil {
		err = a.Run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "joiner:", err)
		return 1
	}
	return 0
}

// pair is the result of an impression and a click, either of which may be "".
func pair(impression, click string) string { return impression + "|" + click }
