package runtime

import (
	"context"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/metrics"
)

// clientHook adds up what all Kafka clients of the instance do.
type clientHook struct {
	r *metrics.Recorder
	// unreachable is when a connection last failed, Unix milliseconds.
	unreachable *atomic.Int64
}

var (
	_ kgo.HookBrokerConnect       = (*clientHook)(nil)
	_ kgo.HookBrokerDisconnect    = (*clientHook)(nil)
	_ kgo.HookBrokerE2E           = (*clientHook)(nil)
	_ kgo.HookBrokerThrottle      = (*clientHook)(nil)
	_ kgo.HookGroupManageError    = (*clientHook)(nil)
	_ kgo.HookProduceBatchWritten = (*clientHook)(nil)
	_ kgo.HookFetchBatchRead      = (*clientHook)(nil)
)

func (h *clientHook) OnBrokerConnect(_ kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	if err != nil {
		h.r.Client.Connects.Error.Inc()
		h.unreachable.Store(time.Now().UnixMilli())
		return
	}
	h.r.Client.Connects.OK.Inc()
}

func (h *clientHook) OnBrokerDisconnect(kgo.BrokerMetadata, net.Conn) { h.r.Client.Disconnects.Inc() }

func (h *clientHook) OnBrokerE2E(_ kgo.BrokerMetadata, _ int16, e kgo.BrokerE2E) {
	c := &h.r.Client
	c.WrittenBytes.Add(int64(e.BytesWritten))
	c.ReadBytes.Add(int64(e.BytesRead))
	switch {
	case e.WriteErr != nil:
		c.Errors.Write.Inc()
	case e.ReadErr != nil:
		c.Errors.Read.Inc()
	default:
		c.RequestTime.Observe(e.DurationE2E())
	}
}

func (h *clientHook) OnBrokerThrottle(_ kgo.BrokerMetadata, d time.Duration, _ bool) {
	h.r.Client.Throttle.Add(d)
}

func (h *clientHook) OnGroupManageError(error) { h.r.Client.Errors.Group.Inc() }

func (h *clientHook) OnProduceBatchWritten(_ kgo.BrokerMetadata, _ string, _ int32, m kgo.ProduceBatchMetrics) {
	p := &h.r.Client.Produce
	p.Batches.Inc()
	p.CompressedBytes.Add(int64(m.CompressedBytes))
	p.UncompressedBytes.Add(int64(m.UncompressedBytes))
}

func (h *clientHook) OnFetchBatchRead(_ kgo.BrokerMetadata, _ string, _ int32, m kgo.FetchBatchMetrics) {
	f := &h.r.Client.Fetch
	f.Batches.Inc()
	f.CompressedBytes.Add(int64(m.CompressedBytes))
	f.UncompressedBytes.Add(int64(m.UncompressedBytes))
}

// clientLogger passes the client's log on, a level lower than the client sees
// it: what matters to the application, the runtime says itself.
type clientLogger struct{ log *slog.Logger }

// Level implements kgo.Logger.
func (l *clientLogger) Level() kgo.LogLevel {
	switch ctx := context.Background(); {
	case l.log.Enabled(ctx, slog.LevelDebug-4):
		return kgo.LogLevelDebug
	case l.log.Enabled(ctx, slog.LevelDebug):
		return kgo.LogLevelInfo
	case l.log.Enabled(ctx, slog.LevelInfo):
		return kgo.LogLevelWarn
	}
	return kgo.LogLevelError
}

// Log implements kgo.Logger.
func (l *clientLogger) Log(level kgo.LogLevel, msg string, keyvals ...any) {
	to := slog.LevelInfo
	switch level {
	case kgo.LogLevelInfo:
		to = slog.LevelDebug
	case kgo.LogLevelDebug:
		to = slog.LevelDebug - 4
	}
	l.log.Log(context.Background(), to, "kafka client: "+msg, keyvals...)
}
