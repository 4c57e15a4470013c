package task

import (
	"math"
	"time"
)

// bucket bounds the rate of records of one input: a token bucket that holds
// what flows in within 100 ms, at least one token. The zero value lets
// everything through.
type bucket struct {
	perSecond, tokens, size float64
	filled                  int64 // when there were so many, in milliseconds
}

func newBucket(perSecond float64) bucket {
	if !(perSecond > 0) || math.IsInf(perSecond, 1) {
		return bucket{}
	}
	size := max(1, perSecond/10)
	return bucket{perSecond: perSecond, tokens: size, size: size, filled: math.MinInt64}
}

// take takes a token; ok is false if there is none before the time until.
func (b *bucket) take(now int64) (until int64, ok bool) {
	if b.perSecond == 0 {
		return 0, true
	}
	if now < b.filled {
		b.filled = now // the clock went back
	}
	tokens := b.tokens
	if tokens < b.size {
		tokens = min(b.size, tokens+float64(now-b.filled)*b.perSecond/1000)
	}
	if tokens < 1 {
		ms := math.Ceil((1 - b.tokens) * 1000 / b.perSecond)
		return later(b.filled, time.Duration(min(ms, 1e12))*time.Millisecond), false
	}
	b.tokens, b.filled = tokens-1, now
	return 0, true
}
