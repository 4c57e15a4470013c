package main

import (
	"bytes"
	"testing"

	"github.com/millrace-io/millrace/examples/internal/demo"
)

// 203.0.113.7 has 14 failures in five minutes, and ten more half an hour later;
// 2001:db8::bad has ten, of which syslog has put nine into one line. The others
// have nine and one more too late, ten in an hour, and one.
func TestAttacksAreFoundOnce(t *testing.T) {
	const want = `alerts	203.0.113.7	10 failures within 10m0s
alerts	2001:db8::bad	10 failures within 10m0s
alerts	203.0.113.7	10 failures within 10m0s
failures	192.0.2.10	1
failures	192.0.2.99	10
failures	198.51.100.23	10
failures	2001:db8::bad	10
failures	203.0.113.7	24
`
	var out bytes.Buffer
	if err := demo.Run(t.Context(), example(), demo.Options{Out: &out}); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestLines(t *testing.T) {
	for line, want := range map[string]int{
		"Dec 10 06:55:48 LabSZ sshd[24200]: Failed password for invalid user webmaster from 173.234.31.186 port 38926 ssh2":                1,
		"Dec  1 06:55:48 LabSZ sshd[24200]: message repeated 5 times: [ Failed password for root from 5.36.59.76 port 42393 ssh2]":         5,
		"Dec 10 06:55:48 LabSZ sshd[24200]: Failed password for invalid user from  from 173.234.31.186 port 38926 ssh2":                    1,
		"Dec 10 09:32:20 LabSZ sshd[24680]: Accepted password for fztu from 119.137.62.142 port 49116 ssh2":                                0,
		"Dec 10 06:55:48 LabSZ sshd[24200]: message repeated 99999999999999999999 times: [ Failed password for root from ::1 port 1 ssh2]": 1000,
		"": 0,
	} {
		if got := failed(line); len(got) != want {
			t.Errorf("%q: %q, want %d", line, got, want)
		}
	}
}
