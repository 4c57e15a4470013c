package streamstest

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// clock is how scripts write times: minutes and seconds since the beginning
// of time.
func clock(ms int64) string {
	sign, n := "", uint64(ms)
	if ms < 0 {
		sign, n = "-", -n
	}
	t := fmt.Sprintf("%s%d:%02d", sign, n/60_000, n/1000%60)
	if n%1000 != 0 {
		t += fmt.Sprintf(".%03d", n%1000)
	}
	return t
}

// parseClock reads what clock writes, hours before minutes if there are two
// colons, and plain milliseconds.
func parseClock(s string) (int64, error) {
	if !strings.Contains(s, ":") {
		ms, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return 0, errClock(s)
		}
		return ms, nil
	}
	text, negative := strings.CutPrefix(s, "-")
	text, fraction, _ := strings.Cut(text, ".")
	parts := strings.Split(text, ":")
	if len(parts) > 3 || len(fraction) > 3 {
		return 0, errClock(s)
	}
	var n uint64 // of the unit of the part before
	for i, part := range append(parts, (fraction + "000")[:3]) {
		per := uint64(60)
		if i == len(parts) {
			per = 1000
		}
		units, err := strconv.ParseUint(part, 10, 64)
		high, low := bits.Mul64(n, per)
		sum, carry := bits.Add64(low, units, 0)
		if err != nil || high+carry > 0 {
			return 0, errClock(s)
		}
		n = sum
	}
	switch {
	case negative && n <= 1<<63:
		return -int64(n), nil
	case negative || n > math.MaxInt64:
		return 0, errClock(s)
	}
	return int64(n), nil
}

func errClock(s string) error {
	return fmt.Errorf("time %q: it is written as minutes:seconds, hours:minutes:seconds or in milliseconds", s)
}
