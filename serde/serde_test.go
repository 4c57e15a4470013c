package serde_test

import (
	"encoding/hex"
	"errors"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/serde"
)

// check writes v behind other bytes and reads it back. The text is want in
// hexadecimal, as Kafka's serializer of the type prints it.
func check[T any](t *testing.T, s serde.Serde[T], v T, want string) {
	t.Helper()
	dst := []byte("before")
	got, err := s.Append(dst, v)
	if err != nil {
		t.Fatalf("Append(%v): %v", v, err)
	}
	if h := hex.EncodeToString(got); h != hex.EncodeToString(dst)+want {
		t.Errorf("Append(%v) = %s, want %x%s", v, h, dst, want)
	}
	b := got[len(dst):]
	back, err := s.Decode(b)
	if err != nil {
		t.Fatalf("Decode(%x): %v", b, err)
	}
	// The caller overwrites its bytes.
	for i := range b {
		b[i] = 0xee
	}
	if d := cmp.Diff(v, back); d != "" {
		t.Errorf("Decode(%s) (-want +got):\n%s", want, d)
	}
}

// The vectors were printed by the serializers of kafka-clients 4.3.0.
func TestBytesAreThoseOfKafkasSerializers(t *testing.T) {
	check(t, serde.String, "", "")
	check(t, serde.String, "my string", "6d7920737472696e67")
	check(t, serde.String, "žluť €", "c5be6c75c5a520e282ac")
	check(t, serde.String, "\xff\x00", "ff00")

	check(t, serde.Bytes, []byte{}, "")
	check(t, serde.Bytes, []byte{0, 1, 0xff}, "0001ff")

	check(t, serde.Int32, 0, "00000000")
	check(t, serde.Int32, 1, "00000001")
	check(t, serde.Int32, -1, "ffffffff")
	check(t, serde.Int32, 423412424, "193cc2c8")
	check(t, serde.Int32, -41243432, "fd8aacd8")
	check(t, serde.Int32, math.MaxInt32, "7fffffff")
	check(t, serde.Int32, math.MinInt32, "80000000")

	check(t, serde.Int64, 0, "0000000000000000")
	check(t, serde.Int64, 42, "000000000000002a")
	check(t, serde.Int64, -1, "ffffffffffffffff")
	check(t, serde.Int64, 922337203685477580, "0ccccccccccccccc")
	check(t, serde.Int64, -922337203685477581, "f333333333333333")
	check(t, serde.Int64, math.MaxInt64, "7fffffffffffffff")
	check(t, serde.Int64, math.MinInt64, "8000000000000000")

	check(t, serde.Float32, 0, "00000000")
	check(t, serde.Float32, 1.5, "3fc00000")
	check(t, serde.Float32, -2, "c0000000")
	check(t, serde.Float32, 5678567.12312, "4aad4bce")
	check(t, serde.Float32, -5678567.12341, "caad4bce")
	check(t, serde.Float32, math.MaxFloat32, "7f7fffff")
	check(t, serde.Float32, float32(math.Inf(-1)), "ff800000")

	check(t, serde.Float64, 0, "0000000000000000")
	check(t, serde.Float64, math.Copysign(0, -1), "8000000000000000")
	check(t, serde.Float64, 1.5, "3ff8000000000000")
	check(t, serde.Float64, -2, "c000000000000000")
	check(t, serde.Float64, 5678567.12312, "4155a979c7e132b5")
	check(t, serde.Float64, -5678567.12341, "c155a979c7e5f30e")
	check(t, serde.Float64, math.Inf(1), "7ff0000000000000")

	check(t, serde.Bool, false, "00")
	check(t, serde.Bool, true, "01")
}

func TestDecimalInt64IsDecimalText(t *testing.T) {
	for v, want := range map[int64]string{
		0: "0", 7: "7", -42: "-42",
		math.MaxInt64: "9223372036854775807", math.MinInt64: "-9223372036854775808",
	} {
		check(t, serde.DecimalInt64, v, hex.EncodeToString([]byte(want)))
	}
	for text, want := range map[string]int64{"+5": 5, "007": 7, "-0": 0} {
		if got, err := serde.DecimalInt64.Decode([]byte(text)); err != nil || got != want {
			t.Errorf("Decode(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
}

// Kafka's DoubleSerializer knows one NaN, its FloatSerializer writes the bits
// as they are.
func TestNaNIsWrittenAsKafkaDoes(t *testing.T) {
	for _, bits := range []uint64{0x7ff8000000000001, 0x7ff8000000000000, 0xfff8000000000000, 0x7ff0000000000001} {
		got, err := serde.Float64.Append(nil, math.Float64frombits(bits))
		if want := "7ff8000000000000"; err != nil || hex.EncodeToString(got) != want {
			t.Errorf("float64 NaN %x is written as %x, %v; want %s", bits, got, err, want)
		}
	}
	for _, want := range []string{"7fc00000", "7f800001", "7f800002", "ffc00000"} {
		b, _ := hex.DecodeString(want)
		v, err := serde.Float32.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := serde.Float32.Append(nil, v); hex.EncodeToString(got) != want {
			t.Errorf("float32 NaN %s comes out as %x", want, got)
		}
	}
}

func TestNilAndEmptyBytesAreAnEmptyValue(t *testing.T) {
	if got, err := serde.Bytes.Append([]byte("x"), nil); err != nil || string(got) != "x" {
		t.Errorf("Append(nil) = %q, %v", got, err)
	}
	for _, in := range [][]byte{nil, {}} {
		if got, err := serde.Bytes.Decode(in); err != nil || got == nil || len(got) != 0 {
			t.Errorf("Decode(%#v) = %#v, %v; want an empty slice that is not nil", in, got, err)
		}
	}
}

func TestBytesDecodeCopies(t *testing.T) {
	b := []byte("abc")
	v, err := serde.Bytes.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	b[0] = 'X'
	if string(v) != "abc" {
		t.Errorf("the value changed with the caller's bytes: %q", v)
	}
	_ = append(v, 'd')
	if string(b) != "Xbc" {
		t.Errorf("the caller's bytes changed with the value: %q", b)
	}
}

func TestAppendKeepsNoBytesOfTheValue(t *testing.T) {
	v := []byte("abc")
	b, err := serde.Bytes.Append(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	v[0] = 'X'
	if string(b) != "abc" {
		t.Errorf("the encoding changed with the value: %q", b)
	}
}

// secret stands for a value that must not show up in an error.
const secret = "4711"

func TestDecodeErrorNamesTypeAndLengthOnly(t *testing.T) {
	cases := []struct {
		name string
		err  error
		want string
	}{
		{"int32 short", fail(serde.Int32, "471"), "decode int32 from 3 bytes: want a length of 4"},
		{"int32 long", fail(serde.Int32, secret+"x"), "decode int32 from 5 bytes: want a length of 4"},
		{"int64", fail(serde.Int64, secret), "decode int64 from 4 bytes: want a length of 8"},
		{"int64 empty", fail(serde.Int64, ""), "decode int64 from 0 bytes: want a length of 8"},
		{"float32", fail(serde.Float32, secret+"1"), "decode float32 from 5 bytes: want a length of 4"},
		{"float64", fail(serde.Float64, secret), "decode float64 from 4 bytes: want a length of 8"},
		{"bool long", fail(serde.Bool, secret), "decode bool from 4 bytes: want a length of 1"},
		{"bool other", fail(serde.Bool, "\x02"), "decode bool from 1 bytes: want 00 or 01"},
		{"decimal text", fail(serde.DecimalInt64, secret+"x"), "decode int64 from 5 bytes: want a decimal integer of 64 bits"},
		{"decimal empty", fail(serde.DecimalInt64, ""), "decode int64 from 0 bytes: want a decimal integer of 64 bits"},
		{"decimal range", fail(serde.DecimalInt64, "9223372036854775808"), "decode int64 from 19 bytes: want a decimal integer of 64 bits"},
		{"decimal space", fail(serde.DecimalInt64, " "+secret), "decode int64 from 5 bytes: want a decimal integer of 64 bits"},
		{"decimal underscore", fail(serde.DecimalInt64, "4_711"), "decode int64 from 5 bytes: want a decimal integer of 64 bits"},
		{"time", fail(serde.Time(time.DateTime, nil), secret), `decode time.Time from 4 bytes: want the layout "2006-01-02 15:04:05"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.err == nil {
				t.Fatal("no error")
			}
			if got := c.err.Error(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			var d *serde.DecodeError
			if !errors.As(c.err, &d) || errors.Unwrap(c.err) != nil {
				t.Errorf("%#v is no plain DecodeError", c.err)
			}
		})
	}
}

func fail[T any](s serde.Serde[T], in string) error {
	v, err := s.Decode([]byte(in))
	if err != nil && !reflect.ValueOf(&v).Elem().IsZero() {
		return errors.New("a value beside an error")
	}
	return err
}

func TestFixedSizeSerdesDoNotAllocate(t *testing.T) {
	buf := make([]byte, 0, 64)
	for name, f := range map[string]func(){
		"int32":   roundTrip(serde.Int32, -7, buf),
		"int64":   roundTrip(serde.Int64, -7, buf),
		"float32": roundTrip(serde.Float32, -7, buf),
		"float64": roundTrip(serde.Float64, -7, buf),
		"bool":    roundTrip(serde.Bool, true, buf),
		"decimal": roundTrip(serde.DecimalInt64, math.MinInt64, buf),
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	if n := testing.AllocsPerRun(100, roundTrip(serde.String, "a string", buf)); n != 1 {
		t.Errorf("string: %v allocations, want that of the string alone", n)
	}
}

func roundTrip[T any](s serde.Serde[T], v T, buf []byte) func() {
	return func() {
		b, err := s.Append(buf[:0], v)
		if err != nil {
			panic(err)
		}
		if _, err := s.Decode(b); err != nil {
			panic(err)
		}
	}
}

type userID string

type hexID struct{}

func (hexID) Append(dst []byte, v userID) ([]byte, error) { return append(dst, v...), nil }
func (hexID) Decode(b []byte) (userID, error)             { return userID(b), nil }

type generic[T any] struct{ serde.Serde[T] }

func TestNameOfIsTheSerdesOwnOrItsType(t *testing.T) {
	for want, got := range map[string]string{
		"string":                                serde.NameOf(serde.String),
		"bytes":                                 serde.NameOf(serde.Bytes),
		"int32":                                 serde.NameOf(serde.Int32),
		"int64":                                 serde.NameOf(serde.Int64),
		"float32":                               serde.NameOf(serde.Float32),
		"float64":                               serde.NameOf(serde.Float64),
		"bool":                                  serde.NameOf(serde.Bool),
		"decimal int64":                         serde.NameOf(serde.DecimalInt64),
		"json":                                  serde.NameOf(serde.JSON[userID]()),
		"json, no unknown fields":               serde.NameOf(serde.JSON[userID](serde.RefuseUnknownFields)),
		"time(2006-01-02 15:04:05, UTC)":        serde.NameOf(serde.Time(time.DateTime, nil)),
		"serde_test.hexID":                      serde.NameOf[userID](hexID{}),
		"none":                                  serde.NameOf[userID](nil),
		"serde_test.generic[serde_test.userID]": serde.NameOf[userID](generic[userID]{hexID{}}),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestBuiltinIsFoundByExactType(t *testing.T) {
	found(t, serde.String)
	found(t, serde.Bytes)
	found(t, serde.Int32)
	found(t, serde.Int64)
	found(t, serde.Float32)
	found(t, serde.Float64)
	found(t, serde.Bool)
	missing[int](t)
	missing[uint64](t)
	missing[userID](t)
	missing[[]string](t)
	missing[time.Time](t)
	missing[any](t)
	missing[error](t)
}

func found[T any](t *testing.T, want serde.Serde[T]) {
	t.Helper()
	if got, ok := serde.Builtin[T](); !ok || got != want {
		t.Errorf("Builtin[%s] = %v, %v", reflect.TypeFor[T](), got, ok)
	}
	if got, ok := serde.BuiltinOf(reflect.TypeFor[T]()); !ok || got != any(want) {
		t.Errorf("BuiltinOf(%s) = %v, %v", reflect.TypeFor[T](), got, ok)
	}
}

func missing[T any](t *testing.T) {
	t.Helper()
	if got, ok := serde.Builtin[T](); ok || got != nil {
		t.Errorf("Builtin[%s] = %v, %v; want none", reflect.TypeFor[T](), got, ok)
	}
	if got, ok := serde.BuiltinOf(reflect.TypeFor[T]()); ok || got != nil {
		t.Errorf("BuiltinOf(%s) = %v, %v; want none", reflect.TypeFor[T](), got, ok)
	}
}
