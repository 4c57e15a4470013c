package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/twmb/franz-go/pkg/kfake"
)

// logger passes kfake's messages on and notices those that report a failed
// write: kfake itself only logs them, and acknowledges some of the requests in
// question. It is called on kfake's goroutine before the answer is sent, so a
// broker that fails here has not answered.
type logger struct {
	log  *slog.Logger
	fail func(error)
}

func (l logger) Logf(level kfake.LogLevel, format string, args ...any) {
	msg := strings.TrimSpace(fmt.Sprintf(format, args...))
	if level <= kfake.LogLevelWarn && isWriteError(format) {
		l.fail(fmt.Errorf("embedded: write failed, data is whole up to the last acknowledged request: %s", msg))
	}
	to := slog.LevelDebug // a line per connection and rebalance: not for operators
	switch level {
	case kfake.LogLevelError:
		to = slog.LevelError
	case kfake.LogLevelWarn:
		to = slog.LevelWarn
	}
	l.log.Log(context.Background(), to, "embedded broker: "+msg)
}

// isWriteError knows the messages of the pinned kfake: persistBatchToSegment,
// persistGroupEntry, persistPIDEntry, persistState and Close begin with
// "persist", endTx has its own.
func isWriteError(format string) bool {
	return strings.HasPrefix(format, "persist ") || strings.HasPrefix(format, "endTx: failed")
}
