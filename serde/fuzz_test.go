package serde_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/serde"
)

// decodes feeds b to s. What is read must survive being written and read
// again, and writing must be stable. exact says that Append writes what was
// read.
func decodes[T any](t *testing.T, s serde.Serde[T], b []byte, exact bool) {
	t.Helper()
	in := bytes.Clone(b)
	v, err := s.Decode(in)
	if !bytes.Equal(in, b) {
		t.Fatalf("%s: Decode changed its input", serde.NameOf(s))
	}
	if err != nil {
		return
	}
	for i := range in {
		in[i] ^= 0xff // what v aliases changes now
	}
	first, err := s.Append(nil, v)
	if err != nil {
		t.Fatalf("%s: %q was read and cannot be written: %v", serde.NameOf(s), b, err)
	}
	if exact && !bytes.Equal(first, b) {
		t.Fatalf("%s: %q comes out as %q", serde.NameOf(s), b, first)
	}
	v, err = s.Decode(first)
	if err != nil {
		t.Fatalf("%s: %q was written and cannot be read: %v", serde.NameOf(s), first, err)
	}
	if second, err := s.Append(nil, v); err != nil || !bytes.Equal(first, second) {
		t.Fatalf("%s: %q is written as %q later, %v", serde.NameOf(s), first, second, err)
	}
}

func FuzzDecodeFixed(f *testing.F) {
	for _, n := range []int{0, 1, 3, 4, 5, 7, 8, 9} {
		f.Add(bytes.Repeat([]byte{1}, n))
		f.Add(bytes.Repeat([]byte{0xff}, n))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		decodes(t, serde.Int32, b, true)
		decodes(t, serde.Int64, b, true)
		decodes(t, serde.Float32, b, true)
		decodes(t, serde.Float64, b, false) // one NaN for all
		decodes(t, serde.Bool, b, true)
	})
}

func FuzzDecodeText(f *testing.F) {
	for _, s := range []string{"", "0", "-1", "+07", "1_0", "9223372036854775808", "\xff", "žluť"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		decodes(t, serde.String, b, true)
		decodes(t, serde.Bytes, b, true)
		decodes(t, serde.DecimalInt64, b, false)
	})
}

func FuzzDecodeTime(f *testing.F) {
	for _, s := range []string{"2022-09-10 10:12:03", "2022-09-10 1:12:03", "2022-09-10T10:12:03.5Z", "0000-01-01T00:00:00-23:59", ""} {
		f.Add([]byte(s))
	}
	east := time.FixedZone("EAST", 5*3600+1800)
	exact := []serde.Serde[time.Time]{
		serde.Time(time.DateTime, nil), serde.Time(time.DateTime, east), serde.Time("Jan _2 3:04PM 2006", nil), serde.Time("02.01.06 .000", nil),
	}
	rfc := serde.Time(time.RFC3339Nano, nil)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, s := range exact {
			decodes(t, s, b, true)
		}
		// In UTC, the year of a text may be one that has no text.
		if v, err := rfc.Decode(b); err == nil && v.UTC().Year() >= 0 && v.UTC().Year() <= 9999 {
			decodes(t, rfc, b, false)
		}
	})
}

func FuzzDecodeJSON(f *testing.F) {
	for _, s := range []string{
		`{"order_id":1,"price":1.5,"quantity":null,"note":"x","paid":true,"lines":[{"product":"p","count":1}]}`,
		`{"at":"2022-09-10T10:12:03Z","tags":{"a":1},"raw":[1,{"b":null}],"labels":{"c":"d"},"text":"7"}`,
		`null`, `[]`, `{}x`, `{"a":`, `"\ud800"`, ``,
	} {
		f.Add([]byte(s))
	}
	lax, strict := serde.JSON[order](), serde.JSON[order](serde.RefuseUnknownFields)
	f.Fuzz(func(t *testing.T, b []byte) {
		decodes(t, serde.JSON[any](), b, false)
		decodes(t, serde.JSON[*line](), b, false)
		decodes(t, serde.JSON[map[string]line](), b, false)
		_, laxErr := lax.Decode(b)
		_, strictErr := strict.Decode(b)
		if laxErr != nil && strictErr == nil {
			t.Errorf("%q is refused (%v), but not strictly", b, laxErr)
		}
		if laxErr == nil && strictErr != nil && !strings.Contains(strictErr.Error(), "does not have") {
			t.Errorf("%q is refused strictly: %v", b, strictErr)
		}
	})
}
