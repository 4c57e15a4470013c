package streamstest

import (
	"bytes"
	"testing"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
)

// A line of a script is refused or is a record; what is shown of it is a line
// that stands for the same bytes.
func FuzzScriptLine(f *testing.F) {
	for _, line := range []string{
		`alice {"amount": 3} @0:05 p=1 h:trace=7`, `- "two words" @1:00:00.5`, "hex:00ff - @12", `"a\"" [1, {"b": "]"}]`,
		"", " ", "a", `"`, "a b @", "a b p=", `a "\x"`, "} {", "a b @-1:-5", "a hex:0",
	} {
		f.Add(line)
	}
	codecs := []codec{codecOf(nil), codecOf(serde.String), codecOf(serde.DecimalInt64), codecOf(serde.JSON[map[string]any]()), codecOf(serde.Bool)}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := parseLine(text)
		if err != nil {
			return
		}
		for _, c := range codecs {
			for _, word := range []string{l.key, l.value} {
				b, err := c.encode(word)
				if err != nil {
					continue
				}
				shown := c.show(b)
				again, err := parseLine(shown + " -")
				if err != nil {
					t.Fatalf("%q is shown as %q: %v", word, shown, err)
				}
				back, err := c.encode(again.key)
				if err != nil || !bytes.Equal(back, b) || (back == nil) != (b == nil) {
					t.Fatalf("%q is %x, shown as %q, which is %x, %v", word, b, shown, back, err)
				}
			}
		}
	})
}

// A time that was read is written as the same time.
func FuzzScriptClock(f *testing.F) {
	for _, text := range []string{"0:05", "1:02:03.5", "12", "-0:01", "0:00.0015", ":", "1e9:0", "9223372036854775807", "9999999:0", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ms, err := parseClock(text)
		if err != nil {
			return
		}
		if again, err := parseClock(clock(ms)); err != nil || again != ms {
			t.Errorf("%q is %d ms, written as %s, which is %d ms, %v", text, ms, clock(ms), again, err)
		}
	})
}

// The settings of the command app are refused or of use.
func FuzzScriptSettings(f *testing.F) {
	for _, text := range []string{"2", "orders:3,users:2", ":", "a:-1", "decode:skip,process:dead_letter", "decode:", ","} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		counts := map[string]int{}
		if err := parsePartitions(counts, text); err == nil {
			for topic, n := range counts {
				if n < 1 {
					t.Errorf("%q: topic %q has %d partitions", text, topic, n)
				}
			}
		}
		var p processor.Policies
		_ = parsePolicies(&p, text)
	})
}
