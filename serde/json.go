package serde

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"sync"
)

// JSONOption changes how JSON reads.
type JSONOption uint8

// RefuseUnknownFields makes an error of an object field that the Go type does
// not have. Defaults to ignoring it.
const RefuseUnknownFields JSONOption = iota + 1

// JSON is values as one JSON document, in the mapping of package
// encoding/json, without escaping of <, > and &. A document is read into a
// fresh value by these rules:
//
//   - A missing field is the zero value of its type.
//   - A field that is null is the zero value too, nil for a pointer. To tell
//     either from a zero, use a pointer.
//   - An unknown field is ignored, see RefuseUnknownFields.
//   - A value of the wrong type, a number out of range and a fraction for an
//     integer are errors of the whole document. Nothing is converted: "1" is
//     no number. (Where Spark's PERMISSIVE mode gives nulls, let the policy
//     for decode errors answer processor.NullValue.)
//   - Names match exactly, else regardless of case; of a field that comes
//     twice the last one wins.
//   - A document null is an error, unless T is a pointer, map, slice or
//     interface, for which it is nil, or has an UnmarshalJSON that decides. It
//     is not Kafka's null, which no Serde sees.
//   - Anything but white space behind the document is an error, and so is
//     empty input.
//   - Bytes in strings that are not UTF-8 become U+FFFD.
//   - A number read into an `any` is a float64, exact up to 2^53.
//
// Errors tell offset, field and Go type, and never what was read.
func JSON[T any](opts ...JSONOption) Serde[T] {
	t := reflect.TypeFor[T]()
	s := jsonSerde[T]{nullable: reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]())}
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
		s.nullable = true
	}
	for _, o := range opts {
		switch o {
		case RefuseUnknownFields:
			s.strict = true
		default:
			panic(fmt.Sprintf("serde: no such JSONOption: %d", o))
		}
	}
	return s
}

type jsonSerde[T any] struct {
	strict   bool // unknown fields are refused
	nullable bool // the document null is for T to judge
}

func (s jsonSerde[T]) Append(dst []byte, v T) ([]byte, error) {
	w := jsonWriters.Get().(*jsonWriter)
	defer w.release()
	w.dst = dst
	// By pointer, so that a MarshalJSON on *T is found, as Decode finds an
	// UnmarshalJSON there.
	if err := w.enc.Encode(&v); err != nil {
		return dst, fmt.Errorf("encode %s as JSON: %s", typeName(reflect.TypeFor[T]()), encodeReason(err))
	}
	return w.dst[:len(w.dst)-1], nil // less the newline of Encode
}

func (s jsonSerde[T]) Decode(b []byte) (T, error) {
	var v, zero T
	if !s.nullable && string(bytes.Trim(b, jsonSpace)) == "null" {
		return zero, refuse[T](b, "the document is null: use a pointer type to allow it")
	}
	if err := s.decode(b, &v); err != nil {
		return zero, refuse[T](b, decodeReason(err, reflect.TypeFor[T]()))
	}
	return v, nil
}

func (s jsonSerde[T]) decode(b []byte, v *T) error {
	if !s.strict {
		return json.Unmarshal(b, v)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	end := d.InputOffset()
	if rest := bytes.TrimLeft(b[end:], jsonSpace); len(rest) > 0 {
		return &json.SyntaxError{Offset: int64(len(b) - len(rest) + 1)}
	}
	return nil
}

func (s jsonSerde[T]) SerdeName() string {
	if s.strict {
		return "json, no unknown fields"
	}
	return "json"
}

const jsonSpace = " \t\r\n"

// jsonWriter is an encoder that appends to dst.
type jsonWriter struct {
	dst []byte
	enc *json.Encoder
}

var jsonWriters = sync.Pool{New: func() any {
	w := &jsonWriter{}
	w.enc = json.NewEncoder(w)
	w.enc.SetEscapeHTML(false)
	return w
}}

// Write never fails: an Encoder remembers the error of its writer for good.
func (w *jsonWriter) Write(p []byte) (int, error) {
	w.dst = append(w.dst, p...)
	return len(p), nil
}

func (w *jsonWriter) release() {
	w.dst = nil
	jsonWriters.Put(w)
}
