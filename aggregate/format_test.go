package aggregate_test

import (
	"bytes"
	"encoding/hex"
	"math"
	"reflect"
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
	three := "01" + "08" + "009105" + "009702" + "00e203"
	stored(t, aggregate.ApproxDistinct(identity[int], 8), three, 0, 1, 2)
	stored(t, aggregate.ApproxDistinct(identity[int8], 8), three, 0, 1, 2)
	stored(t, aggregate.ApproxDistinct(identity[int16], 8), three, 0, 1, 2)
	stored(t, aggregate.ApproxDistinct(identity[int32], 8), three, 0, 1, 2)
	stored(t, aggregate.ApproxDistinct(identity[time.Duration], 8), three, 0, 1, 2)
	stored(t, aggregate.ApproxDistinct(identity[uint], 8), three, 0, 1, 2)
	stored(t, aggregate.ApproxDistinct(identity[uint8], 8), three, 0, 1, 2)
	stored(t, aggregate.ApproxDistinct(identity[uint16], 8), three, 0, 1, 2)
	stored(t, aggregate.ApproxDistinct(identity[uint32], 8), three, 0, 1, 2)
	stored(t, aggregate.ApproxDistinct(identity[uint64], 8), three, 0, 1, 2)
	stored(t, aggregate.ApproxDistinct(identity[uintptr], 8), three, 0, 1, 2)
	stored(t, aggregate.ApproxDistinct(identity[int16], 8), "01"+"08"+"00e401"+"00f303", -1, -2)
	halves := "01" + "08" + "00c703" + "00e203" + "00f402"
	stored(t, aggregate.ApproxDistinct(identity[float64], 8), halves, 0.5, math.NaN(), math.Copysign(0, -1))
	stored(t, aggregate.ApproxDistinct(identity[float32], 8), halves, 0.5, float32(math.NaN()), 0)
	var many []int16
	for v := range int16(200) {
		many = append(many, v-100)
	}
	stored(t, aggregate.ApproxDistinct(identity[int16], 8), "01"+"08"+
		"0000030105040300010700000001000100030000000005010000000003050000"+
		"0000000000000001000001000500000000000300000006060400000000010000"+
		"0002010000000001010101000002030201000002010000050000000002010100"+
		"0000030700000006000001000400040100000003000200020200000100010000"+
		"0301000003010008010304020200020002050000030001020003000004040200"+
		"0000050000000000010001000000010102000001030102020000020502020203"+
		"0102000101000001050001000002020201000202010001020000030000040001"+
		"0204030001010300010101080003000501000003010100020201000200000003", many...)
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

func TestBytesOfValuesThatAreRefused(t *testing.T) {
	last := serdeOf(t, aggregate.Last(identity[int16]))
	refused(t, "last empty", last, "", "decode aggregate.Extreme[int16] from 0 bytes: want a version")
	refused(t, "last cut off", last, "0102ff", "want one value after its length")
	refused(t, "last and more", last, "0102ffff00", "want one value after its length")
	refused(t, "last without length", last, "01ff", "want one value after its length")
	refused(t, "last short", last, "0101ff", "decode int16 from 1 bytes: want a length of 2")

	list := serdeOf(t, aggregate.CollectList(identity[int16], 9))
	refused(t, "list empty", list, "", "decode aggregate.List[int16] from 0 bytes: want a version")
	refused(t, "list newer", list, "02", "format 2 is newer than 1, which this program reads: upgrade it")
	refused(t, "list cut off", list, "010200010200", "a value is cut off")
	refused(t, "list, wrong value", list, "01020001"+"03000001", "decode int16 from 3 bytes: want a length of 2")

	set := serdeOf(t, aggregate.Distinct(identity[int16], 9))
	refused(t, "set empty", set, "", "decode aggregate.Set[int16] from 0 bytes: want a version")
	refused(t, "set without counts", set, "01"+"00"+"020001", "want how often a value is there")
	refused(t, "set, count too large", set, "01"+"ffffffffffffffffff01"+"020001", "want how often a value is there")
	refused(t, "set, count without end", set, "01"+"ff", "want how often a value is there")
	refused(t, "set without value", set, "01"+"01", "a value is cut off")
	refused(t, "set cut off", set, "01"+"01"+"0200", "a value is cut off")
	refused(t, "set, wrong value", set, "01"+"01"+"0100", "decode int16 from 1 bytes: want a length of 2")

	sketch := serdeOf(t, aggregate.ApproxDistinct(identity[int16], 8))
	const none = "no registers of that precision"
	refused(t, "sketch empty", sketch, "", "decode aggregate.Sketch from 0 bytes: want a version")
	refused(t, "sketch of nothing", sketch, "01", "want a precision")
	refused(t, "sketch of another precision", sketch, "010a",
		"its precision is 10, that of the aggregation 8: keep the one it was stored with, or give the store another name")
	refused(t, "half a register", sketch, "0108"+"0001", none)
	refused(t, "registers out of order", sketch, "0108"+"000201"+"000101", none)
	refused(t, "a register twice", sketch, "0108"+"000201"+"000201", none)
	refused(t, "a register that is not there", sketch, "0108"+"010001", none)
	refused(t, "a register of nothing", sketch, "0108"+"000100", none)
	refused(t, "a rank that is not there", sketch, "0108"+"00013a", none)
	refused(t, "that rank in the dense form", sketch, "0108"+"3a"+strings.Repeat("00", 255), none)
	refused(t, "too long", sketch, "0108"+strings.Repeat("00", 258), none)
}

func refused[A any](t *testing.T, name string, s serde.Serde[A], in, want string) {
	t.Helper()
	b, err := hex.DecodeString(in)
	if err != nil {
		t.Fatal(err)
	}
	var zero A
	if v, err := s.Decode(b); err == nil || !strings.HasSuffix(err.Error(), want) || !reflect.DeepEqual(v, zero) {
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
