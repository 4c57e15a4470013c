package serde

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
)

// The errors of encoding/json quote characters, numbers, field names and map
// keys of the input, and those of UnmarshalJSON methods quote what they like
// (time.ParseError the whole text). What follows keeps of them what cannot be
// content, and wraps none.

var jsonKinds = []string{"null", "bool", "number", "string", "array", "object"}

// decodeReason says why no t could be read.
func decodeReason(err error, t reflect.Type) string {
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.As(err, &syntax) && syntax.Error() == "unexpected end of JSON input":
		return "the JSON ends too early"
	case errors.As(err, &syntax):
		return fmt.Sprintf("invalid JSON at byte %d", syntax.Offset)
	case errors.As(err, &mismatch):
		kind, _, _ := strings.Cut(mismatch.Value, " ") // the rest is the number
		if !slices.Contains(jsonKinds, kind) {         // an UnmarshalJSON made the error
			kind = "value"
		}
		reason := fmt.Sprintf("%s for %s at byte %d", kind, typeName(mismatch.Type), mismatch.Offset)
		if mismatch.Field != "" {
			reason += " in field " + maskPath(mismatch.Field, t)
		}
		return reason
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		return "a field that the type does not have"
	}
	return fmt.Sprintf("a field does not take its value (%T)", err)
}

// encodeReason says why a value could not be written.
func encodeReason(err error) string {
	var value *json.UnsupportedValueError
	var typ *json.UnsupportedTypeError
	var marshaler *json.MarshalerError
	switch {
	case errors.As(err, &value):
		return "NaN, an infinite number or a cycle is no JSON"
	case errors.As(err, &typ):
		return fmt.Sprintf("JSON has no form for %s", typeName(typ.Type))
	case errors.As(err, &marshaler):
		return fmt.Sprintf("%s refuses to be written (%T)", typeName(marshaler.Type), marshaler.Err)
	}
	return fmt.Sprintf("%T", err)
}

// maskPath replaces whatever in a dotted path is no field name of t or of a
// type within it: encoding/json over its version 2 puts map keys there.
func maskPath(path string, t reflect.Type) string {
	names := map[string]bool{}
	fieldNames(t, names, map[reflect.Type]bool{})
	parts := strings.Split(path, ".")
	for i, p := range parts {
		if !names[p] {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, ".")
}

// fieldNames adds the JSON names of all struct fields in t to names.
func fieldNames(t reflect.Type, names map[string]bool, seen map[reflect.Type]bool) {
	if seen[t] {
		return
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		fieldNames(t.Elem(), names, seen)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			names[f.Name] = true
			tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			names[tag] = true
			fieldNames(f.Type, names, seen)
		}
	}
}
