package aggregate

import (
	"encoding/binary"
	"fmt"
	"reflect"

	"github.com/millrace-io/millrace/serde"
)

// Number is any integer or floating-point type.
type Number interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 |
		~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 |
		~float32 | ~float64
}

// isFloat reports whether N has fractions.
func isFloat[N Number]() bool {
	one, two := N(1), N(2)
	return one/two != 0
}

// numberSerde writes a number in as many bytes as its type has, big endian, as
// Kafka's serializers of Short, Integer, Long, Float and Double do. An int or
// uint is 8 bytes on every machine.
type numberSerde[N Number] struct {
	size  int
	float bool
	name  string
}

func newNumberSerde[N Number]() serde.Serde[N] {
	kind := reflect.TypeFor[N]().Kind()
	switch kind {
	case reflect.Int:
		kind = reflect.Int64
	case reflect.Uint:
		kind = reflect.Uint64
	}
	size := 8
	switch kind {
	case reflect.Int8, reflect.Uint8:
		size = 1
	case reflect.Int16, reflect.Uint16:
		size = 2
	case reflect.Int32, reflect.Uint32, reflect.Float32:
		size = 4
	}
	return numberSerde[N]{size: size, float: isFloat[N](), name: kind.String()}
}

func (s numberSerde[N]) Append(dst []byte, v N) ([]byte, error) {
	switch s.size {
	case 1:
		return append(dst, byte(v)), nil
	case 2:
		return binary.BigEndian.AppendUint16(dst, uint16(v)), nil
	case 4:
		if s.float {
			return serde.Float32.Append(dst, float32(v))
		}
		return binary.BigEndian.AppendUint32(dst, uint32(v)), nil
	}
	if s.float {
		return serde.Float64.Append(dst, float64(v))
	}
	return binary.BigEndian.AppendUint64(dst, uint64(v)), nil
}

func (s numberSerde[N]) Decode(b []byte) (N, error) {
	if len(b) != s.size {
		return 0, refuse[N](b, fmt.Sprintf("want a length of %d", s.size))
	}
	switch s.size {
	case 1:
		return N(int8(b[0])), nil
	case 2:
		return N(int16(binary.BigEndian.Uint16(b))), nil
	case 4:
		if s.float {
			f, err := serde.Float32.Decode(b)
			return N(f), err
		}
		return N(int32(binary.BigEndian.Uint32(b))), nil
	}
	if s.float {
		f, err := serde.Float64.Decode(b)
		return N(f), err
	}
	x := int64(binary.BigEndian.Uint64(b))
	if int64(N(x)) != x { // an int of 32 bits
		return 0, refuse[N](b, "the number is too large for this machine")
	}
	return N(x), nil
}

func (s numberSerde[N]) SerdeName() string { return s.name }

func refuse[T any](b []byte, reason string) error {
	return &serde.DecodeError{Type: reflect.TypeFor[T](), Len: len(b), Reason: reason}
}
