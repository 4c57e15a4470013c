package corpus

import (
	"fmt"
	"time"

	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// Keys that are quiet.

func init() {
	for name, opts := range map[string][]topology.Option{"": nil, "-wall": {windowing.ByWallClock()}} {
		register("debounce"+name, func(b *topology.Builder) {
			topology.To(windowing.Debounce(input(b), "held", 10*time.Second, opts...), "out")
		})
		register("gaps"+name, func(b *topology.Builder) {
			gaps := windowing.Gaps(input(b), "held", 10*time.Second, opts...)
			topology.To(topology.MapValues(gaps, func(g windowing.Gap[string]) string {
				return fmt.Sprintf("%s, for %s", g.Last, time.Duration(g.Noticed-g.Since)*time.Millisecond)
			}), "out", textOut)
		})
	}
}
