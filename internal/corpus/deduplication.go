package corpus

import (
	"strings"
	"time"

	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// Streams without duplicates. The id of a value is what stands before a colon.

func init() {
	const span = time.Minute
	idOf := func(_, v string) string {
		id, _, _ := strings.Cut(v, ":")
		return id
	}
	key := func(k, _ string) string { return k }
	register("deduplicate", func(b *topology.Builder) {
		once := windowing.Deduplicate(input(b), "seen", span, idOf, kept)
		topology.To(once, "out")
		topology.To(once.Late(), "late")
	})
	register("deduplicate-by-key", func(b *topology.Builder) {
		topology.To(windowing.Deduplicate(topology.SelectKey(input(b), idOf), "seen", span, key, kept), "out")
	})
	register("deduplicate-last", func(b *topology.Builder) {
		topology.To(windowing.Deduplicate(input(b), "held", span, idOf, windowing.KeepLast()), "out")
	})
}
