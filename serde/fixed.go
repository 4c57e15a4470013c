package serde

import (
	"encoding/binary"
	"math"
	"strconv"
)

// The serdes of fixed size. They write what the serializers of Apache Kafka
// for Integer, Long, Float, Double and Boolean write, and refuse any other
// length.
var (
	// Int32 is 4 bytes in two's complement, big endian.
	Int32 Serde[int32] = int32Serde{}
	// Int64 is 8 bytes in two's complement, big endian.
	Int64 Serde[int64] = int64Serde{}
	// Float32 is the 4 bytes of IEEE 754, big endian. It keeps every NaN.
	Float32 Serde[float32] = float32Serde{}
	// Float64 is the 8 bytes of IEEE 754, big endian. It writes every NaN as
	// 7ff8000000000000, as Kafka's DoubleSerializer does.
	Float64 Serde[float64] = float64Serde{}
	// Bool is one byte, 00 or 01. Kafka's BooleanDeserializer takes any other
	// byte for false; this one refuses it.
	Bool Serde[bool] = boolSerde{}
)

type int32Serde struct{}

func (int32Serde) Append(dst []byte, v int32) ([]byte, error) {
	return binary.BigEndian.AppendUint32(dst, uint32(v)), nil
}

func (int32Serde) Decode(b []byte) (int32, error) {
	if len(b) != 4 {
		return 0, wrongLength[int32](b, 4)
	}
	return int32(binary.BigEndian.Uint32(b)), nil
}

func (int32Serde) SerdeName() string { return "int32" }

type int64Serde struct{}

func (int64Serde) Append(dst []byte, v int64) ([]byte, error) {
	return binary.BigEndian.AppendUint64(dst, uint64(v)), nil
}

func (int64Serde) Decode(b []byte) (int64, error) {
	if len(b) != 8 {
		return 0, wrongLength[int64](b, 8)
	}
	return int64(binary.BigEndian.Uint64(b)), nil
}

func (int64Serde) SerdeName() string { return "int64" }

type float32Serde struct{}

func (float32Serde) Append(dst []byte, v float32) ([]byte, error) {
	return binary.BigEndian.AppendUint32(dst, math.Float32bits(v)), nil
}

func (float32Serde) Decode(b []byte) (float32, error) {
	if len(b) != 4 {
		return 0, wrongLength[float32](b, 4)
	}
	return math.Float32frombits(binary.BigEndian.Uint32(b)), nil
}

func (float32Serde) SerdeName() string { return "float32" }

type float64Serde struct{}

// javaNaN is the one NaN of Java's Double.doubleToLongBits; that of Go's
// math.NaN has another bit set.
const javaNaN = 0x7ff8000000000000

func (float64Serde) Append(dst []byte, v float64) ([]byte, error) {
	bits := math.Float64bits(v)
	if v != v {
		bits = javaNaN
	}
	return binary.BigEndian.AppendUint64(dst, bits), nil
}

func (float64Serde) Decode(b []byte) (float64, error) {
	if len(b) != 8 {
		return 0, wrongLength[float64](b, 8)
	}
	return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
}

func (float64Serde) SerdeName() string { return "float64" }

type boolSerde struct{}

func (boolSerde) Append(dst []byte, v bool) ([]byte, error) {
	if v {
		return append(dst, 1), nil
	}
	return append(dst, 0), nil
}

func (boolSerde) Decode(b []byte) (bool, error) {
	if len(b) != 1 {
		return false, wrongLength[bool](b, 1)
	}
	if b[0] > 1 {
		return false, refuse[bool](b, "want 00 or 01")
	}
	return b[0] == 1, nil
}

func (boolSerde) SerdeName() string { return "bool" }

func wrongLength[T any](b []byte, want int) error {
	return refuse[T](b, "want a length of "+strconv.Itoa(want))
}
