package windowing

import (
	"strings"
	"testing"
	"time"
)

// scheme says what a test tells it to.
type scheme struct {
	starts []int64
	end    func(int64) int64
}

func (s scheme) Starts(dst []int64, _ int64) []int64 { return append(dst, s.starts...) }
func (s scheme) End(start int64) int64               { return s.end(start) }
func (scheme) Longest() time.Duration                { return 10 * time.Millisecond }
func (scheme) String() string                        { return "odd" }

func TestWindowsThatBreakTheirContractAreErrors(t *testing.T) {
	long := func(ms int64) func(int64) int64 { return func(start int64) int64 { return start + ms } }
	backwards := func(start int64) int64 { return 105 - 3*(start-95) }
	for _, c := range []struct {
		scheme
		want string
	}{
		{scheme{[]int64{101}, long(10)}, "time 100 is not in the window [101,111)"},
		{scheme{[]int64{90}, long(10)}, "time 100 is not in the window [90,100)"},
		{scheme{[]int64{95}, long(11)}, "the window [95,106) is longer than Longest, 10 ms"},
		{scheme{[]int64{96, 95}, long(10)}, "of time 100, the window [95,105) is not in the order of time"},
		{scheme{[]int64{95, 96}, backwards}, "of time 100, the window [96,102) is not in the order of time"},
		{scheme{[]int64{95, 96, 100}, long(10)}, ""},
		{scheme{nil, long(10)}, ""},
	} {
		got, err := newCustom(c).assign(nil, 100)
		switch {
		case c.want == "" && (err != nil || len(got) != len(c.starts)):
			t.Errorf("%v: %v, %v", c.starts, got, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%v: got %v, want %q", c.starts, err, c.want)
		}
	}
}
