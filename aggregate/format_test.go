package aggregate_test

import (
	"bytes"
	"encoding/hex"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/serde"
)

func serdeOf[V, A, R any](t testing.TB, a aggregate.Aggregation[V, A, R]) serde.Serde[A] {
	t.Helper()
	s, err := a.Serde(nil, serde.BuiltinOf)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// stored checks the bytes of the accumulator that holds vs, and that they are
// read as the same.
func stored[V, A, R any](t *testing.T, a aggregate.Aggregation[V, A, R], want string, vs ...V) {
	t.Helper()
	s := serdeOf(t, a)
	acc := a.Init()
	for _, v := range vs {
		var err error
		if acc, err = a.Add(acc, v); err != nil {
			t.Fatal(err)
		}
	}
	b, err := s.Append([]byte{0xaa}, acc)
	if got := hex.EncodeToString(b); err != nil || got != "aa"+want {
		t.Errorf("%s of %v: got %s, %v; want aa%s", a.Name, vs, got, err, want)
	}
	back, err := s.Decode(b[1:])
	if err != nil || !cmp.Equal(a.Result(back), a.Result(acc)) {
		t.Errorf("%s of %v: read as %v, %v", a.Name, vs, a.Result(back), err)
	}
}

// Where Kafka has a serializer of the type (Short, Integer, Long, Float,
// Double), these are its bytes, as kafka-clients 4.3.0 prints them.
func TestStoredBytes(t *testing.T) {
	stored(t, aggregate.Count[string](), "0000000000000002", "a", "b")
	stored(t, aggregate.Sum(identity[int64]), "f333333333333333", -922337203685477581)
	stored(t, aggregate.Sum(identity[int]), "ffffffffffffffff", -1)
	stored(t, aggregate.Sum(identity[int32]), "193cc2c8", 423412424)
	stored(t, aggregate.Sum(identity[int32]), "80000000", math.MinInt32)
	stored(t, aggregate.Sum(identity[int16]), "fffe", -2)
	stored(t, aggregate.Sum(identity[int8]), "80", -128)
	stored(t, aggregate.Sum(identity[uint64]), "ffffffffffffffff", math.MaxUint64)
	stored(t, aggregate.Sum(identity[uint]), "0000000000000007", 7)
	stored(t, aggregate.Sum(identity[uint32]), "ffffffff", math.MaxUint32)
	stored(t, aggregate.Sum(identity[uint16]), "ffff", math.MaxUint16)
	stored(t, aggregate.Sum(identity[uint8]), "ff", math.MaxUint8)
	stored(t, aggregate.Sum(identity[float32]), "4aad4bce", 5678567.12312)
	stored(t, aggregate.Sum(identity[float64]), "c155a979c7e5f30e", -5678567.12341)
	stored(t, aggregate.Sum(identity[time.Duration]), "000000003b9aca00", time.Second)

	stored(t, aggregate.Avg(identity[int]), "01"+"0000000000000002"+"4010000000000000", 1, 3)
	stored(t, aggregate.Min(identity[int32]), "01"+"ffffffff", 5, -1)
	stored(t, aggregate.Max(identity[int32]), "01")

	stored(t, aggregate.Combine2(aggregate.Count[int32](), aggregate.Sum(identity[int32]),
		func(n int64, sum int32) int64 { return n + int64(sum) }),
		"01"+"08"+"0000000000000002"+"0000002a", 40, 2)
	stored(t, aggregate.Combine3(aggregate.Min(identity[int8]), aggregate.Max(identity[int8]), aggregate.Count[int8](),
		func(lo, hi int8, n int64) [3]int64 { return [3]int64{int64(lo), int64(hi), n} }),
		"01"+"06"+("01"+"02"+("01"+"fe")+("01"+"03"))+"0000000000000002", 3, -2)
}

func TestStoredBytesOfValues(t *testing.T) {
	stored(t, aggregate.First(identity[string]), "01", []string{}...)
	stored(t, aggregate.First(identity[string]), "01"+"00", "", "b")
	stored(t, aggregate.Last(identity[string]), "01"+"0162", "", "b")
	stored(t, aggregate.Last(identity[int16]), "01"+"02fffe", 1, -2)

	stored(t, aggregate.CollectList(identity[string], 9), "01", []string{}...)
	stored(t, aggregate.CollectList(identity[string], 9), "01"+"0162"+"00"+"026161", "b", "", "aa")
	stored(t, aggregate.CollectList(identity[string], 9), "01"+"8201"+strings.Repeat("78", 130), strings.Repeat("x", 130))
	stored(t, aggregate.TopN(identity[int32], 2, ascending), "01"+"0400000005"+"0400000003", 3, 5, 1)
	stored(t, aggregate.CollectSet(identity[string], 9), "01"+"02"+"0162"+"01"+"00", "b", "", "b")
	stored(t, aggregate.Distinct(identity[uint8], 9), "01"+"01"+"0107"+"02"+"01ff", 7, 255, 255)

	// The hashes are those of a program of its own, which prints e220a8397b1dcdaf
	// for the first step of SplitMix64 from 0, af63dc4c8601ec8c for FNV-1a of "a".
	stored(t, aggregate.ApproxDistinct(identity[string], 0), "01"+"0c", []string{}...)
	stored(t, aggregate.ApproxDistinct(identity[string], 0), "01"+"0c"+"056f02"+"05f201"+"06ef01", "a", "b", "c")
	three := "01" + "04" + "000904" + "000e03"
	stored(t, aggregate.ApproxDistinct(identity[int], 4), three, 0, 1, 2)
	stored(t, aggregate.ApproxDistinct(identity[int8], 4), three, 0, 1, 2)
	stored(t, aggregate.ApproxDistinct(identity[int16], 4), three, 0, 1, 2)
	stored(t, aggregate.ApproxDistinct(identity[int32], 4), three, 0, 1, 2)
	stored(t, aggregate.ApproxDistinct(identity[time.Duration], 4), three, 0, 1, 2)
	stored(t, aggregate.ApproxDistinct(identity[uint], 4), three, 0, 1, 2)
	stored(t, aggregate.ApproxDistinct(identity[uint8], 4), three, 0, 1, 2)
	stored(t, aggregate.ApproxDistinct(identity[uint16], 4), three, 0, 1, 2)
	stored(t, aggregate.ApproxDistinct(identity[uint32], 4), three, 0, 1, 2)
	stored(t, aggregate.ApproxDistinct(identity[uint64], 4), three, 0, 1, 2)
	stored(t, aggregate.ApproxDistinct(identity[uintptr], 4), three, 0, 1, 2)
	stored(t, aggregate.ApproxDistinct(identity[int16], 4), "01"+"04"+"000101"+"000603"+"000904"+"000b01"+"000e03",
		0, 1, 2, 3, 4, 5, 6, 7)
	stored(t, aggregate.ApproxDistinct(identity[int16], 4), "01"+"04"+"00020000000003000104000104000303",
		-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7)
	stored(t, aggregate.ApproxDistinct(identity[float64], 4), "01"+"04"+"000c02"+"000e03"+"000f02",
		0.5, math.NaN(), math.Copysign(0, -1))
	stored(t, aggregate.ApproxDistinct(identity[float32], 4), "01"+"04"+"000c02"+"000e03"+"000f02",
		0.5, float32(math.NaN()), 0)
	stored(t, aggregate.Where(func(s string) bool { return s != "" }, aggregate.Count[string]()), "0000000000000001", "a", "")
}

// The length of a part is a varint; these are around where it grows.
func TestPartsOfAnyLength(t *testing.T) {
	text := aggregate.New(func() string { return "" }, func(_, v string) (string, error) { return v, nil })
	c := aggregate.Combine2(text, text, func(a, b string) string { return a + "|" + b })
	s := serdeOf(t, c)
	for _, n := range []int{0, 1, 127, 128, 129, 16383, 16384, 70000} {
		v := strings.Repeat("x", n-n/2) + strings.Repeat("y", n/2)
		acc, _ := c.Add(c.Init(), v)
		b, err := s.Append([]byte("before"), acc)
		if err != nil || !bytes.HasPrefix(b, []byte("before")) {
			t.Fatalf("%d bytes: %v", n, err)
		}
		b = b[len("before"):]
		back, err := s.Decode(b)
		if err != nil || c.Result(back) != v+"|"+v {
			t.Errorf("%d bytes do not come back: %v", n, err)
		}
		clear(b)
		if c.Result(back) != v+"|"+v {
			t.Errorf("%d bytes: what was read changes with the input", n)
		}
	}
}

func TestBytesThatAreRefused(t *testing.T) {
	combined := serdeOf(t, aggregate.Combine2(aggregate.Count[int16](), aggregate.Sum(identity[int16]), func(int64, int16) int { return 0 }))
	for _, c := range []struct{ name, in, want string }{
		{"empty", "", "want a version"},
		{"newer", "02" + "08" + "0000000000000000" + "0000", "format 2 is newer than 1, which this program reads: upgrade it"},
		{"no version", "00", "no format 0"},
		{"no part", "01", "the first part is cut off"},
		{"cut off", "01" + "08" + "00", "the first part is cut off"},
		{"varint without end", "01" + "ffffffffffffffffffff", "the first part is cut off"},
		{"huge length", "01" + "ffffffffffffffffff01", "the first part is cut off"},
		{"wrong first", "01" + "01" + "00" + "0000", "decode int64 from 1 bytes: want a length of 8"},
		{"no second", "01" + "08" + "0000000000000000", "decode int16 from 0 bytes: want a length of 2"},
		{"bytes behind", "01" + "08" + "0000000000000000" + "000000", "decode int16 from 3 bytes: want a length of 2"},
	} {
		refused(t, c.name, combined, c.in, c.want)
	}
	avg := serdeOf(t, aggregate.Avg(identity[int]))
	refused(t, "avg empty", avg, "", "decode aggregate.Mean from 0 bytes: want a version")
	refused(t, "avg newer", avg, "07", "decode aggregate.Mean from 1 bytes: format 7 is newer than 1, which this program reads: upgrade it")
	refused(t, "avg short", avg, "0100", "decode aggregate.Mean from 2 bytes: want a length of 17")
	least := serdeOf(t, aggregate.Min(identity[time.Duration]))
	refused(t, "min empty", least, "", "decode aggregate.Extreme[time.Duration] from 0 bytes: want a version")
	refused(t, "min short", least, "0100", "decode time.Duration from 1 bytes: want a length of 8")
}

func refused[A comparable](t *testing.T, name string, s serde.Serde[A], in, want string) {
	t.Helper()
	b, err := hex.DecodeString(in)
	if err != nil {
		t.Fatal(err)
	}
	var zero A
	if v, err := s.Decode(b); err == nil || !strings.HasSuffix(err.Error(), want) || v != zero {
		t.Errorf("%s: got %v, %v; want %s", name, v, err, want)
	}
}

func TestFailedAppendReturnsWhatWasThere(t *testing.T) {
	bad := aggregate.Sum(identity[float64])
	bad.Bytes = func(serde.Serde[float64]) serde.Serde[float64] { return serde.JSON[float64]() }
	good := aggregate.Count[float64]()
	nanIsRefused(t, aggregate.Combine2(bad, good, func(float64, int64) int { return 0 }))
	nanIsRefused(t, aggregate.Combine2(good, bad, func(int64, float64) int { return 0 }))
}

func nanIsRefused[A any](t *testing.T, c aggregate.Aggregation[float64, A, int]) {
	t.Helper()
	acc, _ := c.Add(c.Init(), math.NaN())
	if got, err := serdeOf(t, c).Append([]byte("before"), acc); err == nil || string(got) != "before" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestNumbersAndCombinationsDoNotAllocate(t *testing.T) {
	c := aggregate.Combine3(aggregate.Count[int64](), aggregate.Sum(identity[int64]), aggregate.Avg(identity[int64]),
		func(n, sum int64, avg float64) float64 { return avg })
	s := serdeOf(t, c)
	buf := make([]byte, 0, 64)
	acc := c.Init()
	if n := testing.AllocsPerRun(100, func() {
		acc, _ = c.Add(acc, 3)
		b, _ := s.Append(buf, acc)
		acc, _ = s.Decode(b)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		"", "00", "01", "02", "0108000000000000000200000000000000", "01060102 01fe 01030000000000000002",
		"0100000000000000024010000000000000", "010401010203ff",
	} {
		b, _ := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		f.Add(b)
	}
	text := aggregate.New(func() string { return "" }, func(_, v string) (string, error) { return v, nil })
	texts := serdeOf(f, aggregate.Combine3(text, text, text, func(a, b, c string) int { return 0 }))
	stats := serdeOf(f, aggregate.Combine3(aggregate.Min(identity[int8]), aggregate.Avg(identity[int8]), aggregate.Count[int8](),
		func(int8, float64, int64) int { return 0 }))
	avg := serdeOf(f, aggregate.Avg(identity[int]))
	least := serdeOf(f, aggregate.Min(identity[float32]))
	wide := serdeOf(f, aggregate.Sum(identity[uint]))
	f.Fuzz(func(t *testing.T, b []byte) {
		stable(t, texts, b)
		stable(t, stats, b)
		stable(t, avg, b)
		stable(t, least, b)
		stable(t, wide, b)
	})
}

// stable checks that what was read is written in a form that is read and
// written alike.
func stable[A any](t *testing.T, s serde.Serde[A], b []byte) {
	v, err := s.Decode(b)
	if err != nil {
		return
	}
	first, err := s.Append(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	v, err = s.Decode(first)
	if err != nil {
		t.Fatalf("%x was written as %x, which is refused: %v", b, first, err)
	}
	if second, err := s.Append(nil, v); err != nil || !bytes.Equal(first, second) {
		t.Fatalf("%x and then %x, %v", first, second, err)
	}
}
