package aggregate

import (
	"cmp"
	"math"
	"reflect"
	"unsafe"
)

// hasher is a function from T to 64 bits, the same in every process and on
// every machine, since what depends on it is stored (docs/formats.md): equal
// values have equal hashes, whatever the size of a number's type. An integer or
// a float64 is mixed as its 64 bits, a string as its FNV-1a hash.
//
// The kinds of cmp.Ordered have no conversion in common, and an interface of
// each value would cost an allocation: so a value is read through a pointer to
// the type that underlies its own.
func hasher[T cmp.Ordered]() func(T) uint64 {
	switch reflect.TypeFor[T]().Kind() {
	case reflect.String:
		return func(v T) uint64 { return mix(fnv1a(*(*string)(unsafe.Pointer(&v)))) }
	case reflect.Float32:
		return func(v T) uint64 { return mix(floatBits(float64(*(*float32)(unsafe.Pointer(&v))))) }
	case reflect.Float64:
		return func(v T) uint64 { return mix(floatBits(*(*float64)(unsafe.Pointer(&v)))) }
	case reflect.Int8:
		return mixed[int8, T]
	case reflect.Int16:
		return mixed[int16, T]
	case reflect.Int32:
		return mixed[int32, T]
	case reflect.Int64:
		return mixed[int64, T]
	case reflect.Int:
		return mixed[int, T]
	case reflect.Uint8:
		return mixed[uint8, T]
	case reflect.Uint16:
		return mixed[uint16, T]
	case reflect.Uint32:
		return mixed[uint32, T]
	case reflect.Uint64:
		return mixed[uint64, T]
	case reflect.Uint:
		return mixed[uint, T]
	}
	return mixed[uintptr, T] // the last one of cmp.Ordered
}

// mixed is for a T whose underlying type is the integer I.
func mixed[I int8 | int16 | int32 | int64 | int | uint8 | uint16 | uint32 | uint64 | uint | uintptr, T cmp.Ordered](v T) uint64 {
	return mix(uint64(*(*I)(unsafe.Pointer(&v))))
}

// fnv1a is the 64-bit hash of Fowler, Noll and Vo, 1a.
func fnv1a(s string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 0x100000001b3
	}
	return h
}

// mix spreads every bit over all others: a step of SplitMix64 (Steele, Lea and
// Flood, 2014). It loses nothing: no two inputs have one output.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// floatBits has one pattern for zero and one for NaN.
func floatBits(f float64) uint64 {
	switch {
	case f == 0:
		return 0
	case f != f:
		return 0x7ff8000000000000
	}
	return math.Float64bits(f)
}
