package topology

import (
	"testing"

	"github.com/millrace-io/millrace/serde"
)

func TestEmittedRowsAreReadBack(t *testing.T) {
	s := emittedSerde[string]{serde.String}
	for _, v := range []emitted[string]{{}, {"", true}, {"row", true}} {
		b, err := s.Append([]byte("before"), v)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.Decode(b[len("before"):]); err != nil || got != v {
			t.Errorf("%v became %v, %v", v, got, err)
		}
	}
	if b, _ := s.Append(nil, emitted[string]{"row", true}); string(b) != "\x01\x01row" {
		t.Errorf("encoded as %q", b)
	}
}

func FuzzEmittedRows(f *testing.F) {
	for _, b := range []string{"", "\x01", "\x01\x00", "\x01\x00x", "\x01\x01row", "\x01\x02", "\x02\x01row"} {
		f.Add([]byte(b))
	}
	s := emittedSerde[string]{serde.String}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := s.Decode(b)
		if err != nil {
			return
		}
		if again, err := s.Append(nil, v); err != nil || string(again) != string(b) {
			t.Errorf("%q became %q, %v", b, again, err)
		}
	})
}
