package random

import (
	"fmt"
	"time"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
)

// mark is the watermark of a topic, in milliseconds.
type mark struct {
	by   string // "lag", "ascending", "function" or "idle", which is alone
	lag  int64
	fn   fn
	idle int64 // 0 is never
}

func (w *mark) String() string { return fmt.Sprintf("%s lag=%d idle=%d %v", w.by, w.lag, w.idle, w.fn) }

// says is the watermark that a record brings, -1 for none.
func (w *mark) says(r record) int64 {
	switch {
	case w.by != "function":
		return r.time - w.lag
	case r.key == nil || r.value == nil:
		return -1
	}
	return w.fn.rest(r.key, r.value)
}

// marked are the options for a watermark of records of K and V.
func marked[K, V thing](c call) (opts []topology.Option) {
	w := c.mark
	if w == nil {
		return nil
	}
	switch w.by {
	case "lag":
		opts = append(opts, topology.WatermarkLag(time.Duration(w.lag)*time.Millisecond))
	case "ascending":
		opts = append(opts, topology.WatermarkAscending())
	case "function":
		opts = append(opts, topology.WatermarkOf(func(r processor.Record[K, V]) (int64, error) {
			if !r.HasKey || !r.HasValue {
				return -1, nil
			}
			return w.says(record{key: r.Key, value: r.Value}), nil
		}))
	}
	if w.idle > 0 {
		opts = append(opts, topology.WatermarkIdle(time.Duration(w.idle)*time.Millisecond))
	}
	return opts
}
