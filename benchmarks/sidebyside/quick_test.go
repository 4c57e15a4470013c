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
			[]string{"millrace 2ms 1", "kafka-streams 0s 0", "goka 0s 0", "kafka-streams@2ms 2ms 0"},
		},
		{[]string{"kafka-streams@2ms", "kafka-streams", "millrace"}, []string{"kafka-streams@2ms 2ms 0", "kafka-streams 0s 0", "millrace 2ms 1"}},
		{[]string{"millrace@5ms", "kafka-streams"}, []string{"millrace@5ms 5ms 0", "kafka-streams 0s 0"}},
		{[]string{"millrace@threads=2", "kafka-streams@threads=1"}, []string{"millrace@threads=2 2ms 2", "kafka-streams@threads=1 0s 1", "kafka-streams@2ms 2ms 1"}},
		{[]string{"kafka-streams"}, []string{"kafka-streams 0s 0"}},
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
			got = append(got, fmt.Sprint(s.name, " ", s.commit, " ", s.threads))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%v: %s", c.asked, diff)
		}
	}
}
