package main

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPeersShowTheirLatencyAtOurIntervalToo(t *testing.T) {
	for _, c := range []struct{ asked, want []string }{
		{
			[]string{"millrace", "kafka-streams", "goka"},
			[]string{"millrace 2ms", "kafka-streams 0s", "goka 0s", "kafka-streams@2ms 2ms"},
		},
		{[]string{"kafka-streams@2ms", "kafka-streams", "millrace"}, []string{"kafka-streams@2ms 2ms", "kafka-streams 0s", "millrace 2ms"}},
		{[]string{"millrace@5ms", "kafka-streams"}, []string{"millrace@5ms 5ms", "kafka-streams 0s"}},
		{[]string{"kafka-streams"}, []string{"kafka-streams 0s"}},
	} {
		var asked []system
		for _, name := range c.asked {
			s, err := systemOf(name)
			if err != nil {
				t.Fatal(err)
			}
			asked = append(asked, s)
		}
		var got []string
		for _, s := range quickly(asked) {
			got = append(got, fmt.Sprint(s.name, " ", s.commit))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%v: %s", c.asked, diff)
		}
	}
}
