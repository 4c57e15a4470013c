package main

import (
	"strings"
	"testing"
)

func TestWrongFlagsAreExplained(t *testing.T) {
	for name, c := range map[string]struct {
		args string
		code int
		says string
	}{
		"unknown flag":       {"-nosuch", 2, "-nosuch"},
		"argument":           {"text.txt", 2, `unexpected argument "text.txt"`},
		"unknown guarantee":  {"-guarantee at-most-once", 2, "it is exactly-once or at-least-once"},
		"no partitions":      {"-partitions 0", 2, "a topic has at least one"},
		"application id":     {"-app a/b", 1, `AppID "a/b"`},
		"negative workers":   {"-workers -1", 1, "Workers must be at least 1"},
		"slow commits":       {"-commit 1m", 1, "CommitInterval"},
		"address":            {"-http nonsense", 1, "-http nonsense"},
		"one topic for both": {"-in words -out words", 1, "words"},
		"file as folder":     {"-state text.txt", 1, "text.txt"},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			p := start(t, nil, strings.Fields(c.args)...)
			if code := p.exit(); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			if !strings.Contains(p.errout.String(), c.says) {
				t.Errorf("standard error %q, want it to say %q", p.errout.String(), c.says)
			}
			if p.out.String() != "" {
				t.Errorf("standard output %q, want none", p.out.String())
			}
		})
	}
}
