package serde_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/serde"
)

type order struct {
	ID     int64             `json:"order_id"`
	Price  float64           `json:"price"`
	Qty    *int              `json:"quantity"`
	Note   string            `json:"note"`
	Paid   bool              `json:"paid"`
	At     time.Time         `json:"at"`
	Lines  []line            `json:"lines"`
	Tags   map[string]int    `json:"tags"`
	Raw    json.RawMessage   `json:"raw"`
	Labels map[string]string `json:"labels"`
	Code   code              `json:"code"`
	Text   int               `json:"text,string"`
	Odd    odd               `json:"odd"`
	Next   *order            `json:"next"`
}

type line struct {
	Product string `json:"product"`
	Count   uint8  `json:"count"`
}

// code refuses all but "ok", loudly.
type code string

func (c *code) UnmarshalText(b []byte) error {
	if string(b) != "ok" {
		return codeError(b)
	}
	*c = "ok"
	return nil
}

type codeError string

func (e codeError) Error() string { return "bad code " + string(e) }

// odd fails as encoding/json over its version 2 does, with what it read.
type odd struct{}

func (*odd) UnmarshalJSON(b []byte) error {
	return &json.UnmarshalTypeError{Value: string(b), Type: reflect.TypeFor[int](), Offset: 7, Field: "4711.product"}
}

func TestJSONRulesForFields(t *testing.T) {
	zero, three := 0, 3
	cases := []struct {
		name, in string
		want     order
	}{
		{"missing is zero", `{}`, order{}},
		{"null is zero", `{"order_id":null,"price":null,"quantity":null,"note":null,"paid":null,"at":null,"lines":null,"code":null}`, order{}},
		{"pointer tells null from zero", `{"quantity":0}`, order{Qty: &zero}},
		{"unknown is ignored", `{"order_id":1,"colour":{"deep":[1,2]},"quantity":3}`, order{ID: 1, Qty: &three}},
		{"exact integer", `{"order_id":9007199254740993}`, order{ID: 9007199254740993}},
		{"integer for a float", `{"price":2}`, order{Price: 2}},
		{"names regardless of case", `{"ORDER_ID":5}`, order{ID: 5}},
		{"the last of two", `{"order_id":5,"order_id":6}`, order{ID: 6}},
		{"white space around", " \t\r\n{ \"order_id\" : 7 }\n", order{ID: 7}},
		{"bytes that are no UTF-8", "{\"note\":\"a\xffb\"}", order{Note: "a\ufffdb"}},
		{"nested", `{"lines":[{"product":"Mouse","count":2},{}]}`, order{Lines: []line{{"Mouse", 2}, {}}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := serde.JSON[order]().Decode([]byte(c.in))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

// Every input holds the secret, so an error that quotes it shows.
func TestJSONErrorsLeakNothing(t *testing.T) {
	lax, strict := serde.JSON[order](), serde.JSON[order](serde.RefuseUnknownFields)
	cases := []struct {
		name, in string
		want     string // the start of both errors, behind type and length
	}{
		{"text for an integer", `{"order_id":"4711"}`, "string for int64 at byte 18 in field order_id"},
		{"fraction for an integer", `{"order_id":4711.5}`, "number for int64 at byte 18 in field order_id"},
		{"text for a float", `{"price":"4711"}`, "string for float64 at byte 15 in field price"},
		{"number for a string", `{"note":4711}`, "number for string at byte 12 in field note"},
		{"number for a bool", `{"paid":4711}`, "number for bool at byte 12 in field paid"},
		{"out of range", `{"lines":[{"count":4711}]}`, "number for uint8 at byte 23 in field lines.count"},
		{"negative for unsigned", `{"lines":[{"count":-4711}]}`, "number for uint8 at byte 24 in field lines.count"},
		{"object for a slice", `{"lines":{"4711":1}}`, "object for []serde_test.line at byte 10 in field lines"},
		{"type within itself", `{"next":{"next":{"note":4711}}}`, "number for string at byte 28 in field next.next.note"},
		{"value of a map", `{"tags":{"4711":"x"}}`, "string for int at byte 19 in field tags"},
		{"array for the document", `["4711"]`, "array for serde_test.order at byte 1"},
		{"number for the document", `4711`, "number for serde_test.order at byte 4"},
		{"not JSON", `hello 4711`, "invalid JSON at byte 1"},
		{"single quotes", `{'4711':1}`, "invalid JSON at byte 2"},
		{"cut off", `{"note":"4711`, "the JSON ends too early"},
		{"cut off after a value", `{"note":"4711"`, "the JSON ends too early"},
		{"second document", `{"order_id":1} {"4711":2}`, "invalid JSON at byte 16"},
		{"garbage behind", `{"order_id":1}4711`, "invalid JSON at byte 15"},
		{"zero byte behind", "{\"order_id\":4711}\x00", "invalid JSON at byte 18"},
		{"byte order mark", "\ufeff{\"order_id\":4711}", "invalid JSON at byte 1"},
		{"time", `{"at":"4711"}`, "a field does not take its value (*time.ParseError)"},
		{"own UnmarshalText", `{"code":"4711"}`, "a field does not take its value (serde_test.codeError)"},
		{"map keys in an error's field", `{"odd":{"4711":1}}`, "value for int at byte 7 in field odd.*.product"},
		{"string tag", `{"text":4711}`, "a field does not take its value (*"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, s := range []serde.Serde[order]{lax, strict} {
				err := fail(s, c.in)
				if err == nil {
					t.Fatalf("%s: no error", serde.NameOf(s))
				}
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%s: the error quotes the input: %v", serde.NameOf(s), err)
				}
				want := fmt.Sprintf("decode serde_test.order from %d bytes: %s", len(c.in), c.want)
				if !strings.HasPrefix(err.Error(), want) {
					t.Errorf("%s:\ngot  %v\nwant %s", serde.NameOf(s), err, want)
				}
				if errors.Unwrap(err) != nil {
					t.Errorf("%s: wraps an error that may quote the input", serde.NameOf(s))
				}
			}
		})
	}
}

func TestJSONEmptyInputIsAnError(t *testing.T) {
	for _, in := range []string{"", " ", "\n"} {
		for _, s := range []serde.Serde[order]{serde.JSON[order](), serde.JSON[order](serde.RefuseUnknownFields)} {
			if err := fail(s, in); err == nil || !strings.HasSuffix(err.Error(), "the JSON ends too early") {
				t.Errorf("%s: %q: %v", serde.NameOf(s), in, err)
			}
		}
	}
}

func TestJSONUnknownFieldIsRefusedOnRequest(t *testing.T) {
	s := serde.JSON[order](serde.RefuseUnknownFields)
	for _, in := range []string{`{"4711":1}`, `{"order_id":1,"lines":[{"4711":1}]}`} {
		err := fail(s, in)
		if err == nil || !strings.HasSuffix(err.Error(), ": a field that the type does not have") {
			t.Errorf("%s: %v", in, err)
		}
	}
	if v, err := s.Decode([]byte(`{"order_id":1,"labels":{"any":"key"}} `)); err != nil || v.ID != 1 {
		t.Errorf("got %v, %v", v, err)
	}
}

func TestJSONNullDocument(t *testing.T) {
	nullIs[*order](t, nil)
	nullIs[map[string]int](t, nil)
	nullIs[[]int](t, nil)
	nullIs[any](t, nil)
	nullIs(t, optional{asked: true})
	for _, in := range []string{"null", " null\n"} {
		const want = "the document is null: use a pointer type to allow it"
		for _, err := range []error{
			fail(serde.JSON[order](), in), fail(serde.JSON[order](serde.RefuseUnknownFields), in),
			fail(serde.JSON[int](), in), fail(serde.JSON[string](), in), fail(serde.JSON[[2]int](), in),
		} {
			if err == nil || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("%q: %v", in, err)
			}
		}
	}
}

func nullIs[T any](t *testing.T, want T) {
	t.Helper()
	got, err := serde.JSON[T]().Decode([]byte("null"))
	if err != nil {
		t.Error(err)
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(optional{})); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

type optional struct{ asked bool }

func (o *optional) UnmarshalJSON([]byte) error   { o.asked = true; return nil }
func (o *optional) MarshalJSON() ([]byte, error) { return []byte(`"by pointer"`), nil }

func TestJSONAppends(t *testing.T) {
	appends(t, order{}.Lines, `null`)
	appends(t, line{"<a> & b", 2}, `{"product":"<a> & b","count":2}`)
	appends(t, "žluť", `"žluť"`)
	appends(t, int64(math.MaxInt64), `9223372036854775807`)
	appends(t, map[string]int{"b": 2, "a": 1}, `{"a":1,"b":2}`)
	appends(t, optional{}, `"by pointer"`)
}

func appends[T any](t *testing.T, v T, want string) {
	t.Helper()
	for _, dst := range []string{"", "before"} {
		got, err := serde.JSON[T]().Append([]byte(dst), v)
		if err != nil || string(got) != dst+want {
			t.Errorf("got %q, %v; want %q", got, err, dst+want)
		}
	}
}

// A document of an order, with the time as the text it came with, is written
// as it was read.
func TestJSONComesOutByteForByte(t *testing.T) {
	type created struct {
		At string `json:"created_at"`
		ID int64  `json:"order_id"`
	}
	const in = `{"created_at":"2022-09-10 16:00:01","order_id":1}`
	s := serde.JSON[created]()
	v, err := s.Decode([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	if out, err := s.Append(nil, v); err != nil || string(out) != in {
		t.Errorf("got %s, %v", out, err)
	}
}

func TestJSONDecodeAliasesNothing(t *testing.T) {
	in := []byte(`{"note":"abc","raw":[1,2,3],"tags":{"k":1},"lines":[{"product":"p"}]}`)
	v, err := serde.JSON[order]().Decode(in)
	if err != nil {
		t.Fatal(err)
	}
	for i := range in {
		in[i] = 'X'
	}
	want := order{Note: "abc", Raw: json.RawMessage(`[1,2,3]`), Tags: map[string]int{"k": 1}, Lines: []line{{Product: "p"}}}
	if d := cmp.Diff(want, v); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

type touchy struct{}

func (touchy) MarshalJSON() ([]byte, error) { return nil, errors.New("cannot write " + secret) }

func TestJSONEncodeErrorLeaksNothingAndKeepsDst(t *testing.T) {
	refused(t, 4711*math.Inf(1), "encode float64 as JSON: NaN, an infinite number or a cycle is no JSON")
	refused(t, touchy{}, "encode serde_test.touchy as JSON: *serde_test.touchy refuses to be written (*errors.errorString)")
	refused(t, struct{ F func() }{}, "encode struct { F func() } as JSON: JSON has no form for func()")
}

func refused[T any](t *testing.T, v T, want string) {
	t.Helper()
	got, err := serde.JSON[T]().Append([]byte("before"), v)
	if err == nil || err.Error() != want || string(got) != "before" {
		t.Errorf("got %q, %v; want %s", got, err, want)
	}
	// The next value is not affected.
	appends(t, 1, "1")
}
