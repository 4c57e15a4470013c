package serde

import "strconv"

// The serdes whose encoding is as long as the value.
var (
	// String is the bytes of a string. They need not be UTF-8: unlike Kafka's
	// StringDeserializer it changes nothing.
	String Serde[string] = stringSerde{}
	// Bytes is the bytes themselves, copied. An empty slice and a nil one are
	// the same, an empty value; neither is a null.
	Bytes Serde[[]byte] = bytesSerde{}
	// DecimalInt64 is an int64 as decimal text, for example "-42": what
	// people read in a console, and what goka's codec.Int64 writes. It also
	// reads a plus sign and leading zeros.
	DecimalInt64 Serde[int64] = decimalSerde{}
)

type stringSerde struct{}

func (stringSerde) Append(dst []byte, v string) ([]byte, error) { return append(dst, v...), nil }
func (stringSerde) Decode(b []byte) (string, error)             { return string(b), nil }
func (stringSerde) SerdeName() string                           { return "string" }

type bytesSerde struct{}

func (bytesSerde) Append(dst []byte, v []byte) ([]byte, error) { return append(dst, v...), nil }
func (bytesSerde) Decode(b []byte) ([]byte, error)             { return append([]byte{}, b...), nil }
func (bytesSerde) SerdeName() string                           { return "bytes" }

type decimalSerde struct{}

func (decimalSerde) Append(dst []byte, v int64) ([]byte, error) {
	return strconv.AppendInt(dst, v, 10), nil
}

func (decimalSerde) Decode(b []byte) (int64, error) {
	v, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil { // its text quotes the input
		return 0, refuse[int64](b, "want a decimal integer of 64 bits")
	}
	return v, nil
}

func (decimalSerde) SerdeName() string { return "decimal int64" }
