package main

import (
	"bytes"
	"testing"

	"github.com/millrace-io/millrace/examples/internal/demo"
)

// Three events four minutes apart are one session; one that comes late makes
// one of two; one that comes after its grace is in none.
func TestSessions(t *testing.T) {
	const want = `sessions	ann 10:00-10:00	1
sessions	ann 10:00-10:00	null
sessions	ann 10:00-10:04	2
sessions	bob 10:05-10:05	1
sessions	ann 10:00-10:04	null
sessions	ann 10:00-10:08	3
sessions	ann 10:21-10:21	1
sessions	ann 10:21-10:21	null
sessions	ann 10:21-10:25	2
sessions	ann 10:00-10:08	null
sessions	ann 10:21-10:25	null
sessions	ann 10:00-10:25	6
sessions	bob 11:00-11:00	1
`
	var out bytes.Buffer
	if err := demo.Run(t.Context(), example(), demo.Options{Out: &out}); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
