package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

func TestOncePrintsSortedCountsAndNothingElse(t *testing.T) {
	t.Parallel()
	p := start(t, strings.NewReader("my first line\n"), "-once")
	if code := p.exit(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	if got, want := p.out.String(), "first\t1\nline\t1\nmy\t1\n"; got != want {
		t.Fatalf("standard output %q, want %q", got, want)
	}
}

func TestOnceOfNothingPrintsNothing(t *testing.T) {
	t.Parallel()
	p := start(t, strings.NewReader(""), "-once")
	if code := p.exit(); code != 0 || p.out.String() != "" {
		t.Fatalf("exit code %d, standard output %q", code, p.out.String())
	}
}

// Every run counts from zero, on a broker that others use too, and with a
// folder that other runs have used.
func TestOnceRunsDoNotSeeEachOther(t *testing.T) {
	t.Parallel()
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		text := "b a\r\n\n a\tb\n" + strings.Repeat("c ", 1000) + "no newline at the end"
		want := "a\t2\nat\t1\nb\t2\nc\t1000\nend\t1\nnewline\t1\nno\t1\nthe\t1\n"
		name, dir := kafkatest.NewName(t), t.TempDir()
		for range 2 {
			p := start(t, strings.NewReader(text), "-once", "-brokers", strings.Join(b.Addrs, ","), "-state", dir,
				"-app", name, "-in", name+"-in", "-out", name+"-out")
			if code := p.exit(); code != 0 {
				t.Fatalf("exit code %d", code)
			}
			if got := p.out.String(); got != want {
				t.Fatalf("standard output %q, want %q", got, want)
			}
		}
		adm := b.Admin(t)
		kafkatest.WaitFor(t, "the end of all topics of the runs", func() bool {
			listed, err := adm.ListTopics(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return !slices.ContainsFunc(listed.Names(), func(topic string) bool { return strings.HasPrefix(topic, name) })
		})
	})
}

func TestOnceSaysWhichLineIsTooLong(t *testing.T) {
	t.Parallel()
	p := start(t, strings.NewReader("short\n"+strings.Repeat("x", maxLine)), "-once")
	if code := p.exit(); code != 1 || p.out.String() != "" || !strings.Contains(p.errout.String(), "line 2") {
		t.Fatalf("exit code %d, standard output %q", code, p.out.String())
	}
}
