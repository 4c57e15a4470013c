package corpus

import (
	"time"

	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// Joins of streams.

type (
	texts       = topology.KStream[string, string]
	joinedTexts = joins.Stream[string, string, string, string]
)

// twoStreams are the streams of topics left and right.
func twoStreams(b *topology.Builder) (left, right texts) {
	return topology.Stream[string, string](b, "left"), topology.Stream[string, string](b, "right")
}

func rightBar(_ string, l processor.Maybe[string], r string) string { return orDash(l) + "|" + r }

func outerBar(_ string, l, r processor.Maybe[string]) string { return orDash(l) + "|" + orDash(r) }

func orDash(v processor.Maybe[string]) string {
	if !v.OK {
		return "-"
	}
	return v.Value
}

// streamJoins are all kinds of joins of two streams.
var streamJoins = map[string]func(left, right texts, w joins.Window) joinedTexts{
	"inner": func(left, right texts, w joins.Window) joinedTexts {
		return joins.Inner(left, right, "joined", w, both, kept)
	},
	"left": func(left, right texts, w joins.Window) joinedTexts {
		return joins.Left(left, right, "joined", w, bothOrNone, kept)
	},
	"right": func(left, right texts, w joins.Window) joinedTexts {
		return joins.Right(left, right, "joined", w, rightBar, kept)
	},
	"outer": func(left, right texts, w joins.Window) joinedTexts {
		return joins.Outer(left, right, "joined", w, outerBar, kept)
	},
	"semi": func(left, right texts, w joins.Window) joinedTexts {
		return joins.Semi(left, right, "joined", w, kept)
	},
	"anti": func(left, right texts, w joins.Window) joinedTexts {
		return joins.Anti(left, right, "joined", w, kept)
	},
}

func init() {
	near := joins.Between(10*time.Millisecond, 6*time.Millisecond).Grace(20 * time.Millisecond)
	minute := joins.Between(0, time.Minute).Lateness(10*time.Second, 20*time.Second)
	for name, w := range map[string]joins.Window{"stream-stream-": near, "join-": minute} {
		for kind, join := range streamJoins {
			register(name+kind, func(b *topology.Builder) {
				left, right := twoStreams(b)
				s := join(left, right, w)
				topology.To(s, "out")
				topology.To(s.LateLeft(), "late-left")
				topology.To(s.LateRight(), "late-right")
			})
		}
	}
	register("join-idle", func(b *topology.Builder) {
		left, right := twoStreams(b)
		topology.To(joins.Outer(left, right, "joined", minute, outerBar, windowing.CloseIdle(30*time.Second), kept), "out")
	})
	register("join-self", func(b *topology.Builder) {
		in := input(b)
		topology.To(joins.Inner(in, in, "joined", joins.Within(time.Minute).Grace(time.Minute), both, kept), "out")
	})
	register("join-rekeyed", func(b *topology.Builder) {
		left, right := twoStreams(b)
		byValue := topology.SelectKey(right, func(_, v string) string { return v[:1] })
		topology.To(joins.Inner(left, byValue, "joined", joins.Within(time.Minute).Grace(time.Minute), both, kept), "out")
	})
}
