package streamstest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/millrace-io/millrace/state"
)

// codec is a serde whose type only the topology knows, for text: strings and
// bytes are what they are, numbers and booleans are written as in Go, all else
// as JSON. Reflection is fine here: a script is for readers, not for speed.
type codec struct {
	serde reflect.Value // a serde.Serde[T]; invalid for raw bytes
	typ   reflect.Type  // T
}

func codecOf(s any) codec {
	if s == nil {
		return codec{typ: reflect.TypeFor[[]byte]()}
	}
	v := reflect.ValueOf(s)
	return codec{serde: v, typ: v.MethodByName("Decode").Type().Out(0)}
}

// textual says that words are taken as they are.
func (c codec) textual() bool {
	return c.typ.Kind() == reflect.String || c.typ == reflect.TypeFor[[]byte]()
}

// append is the serde's Append of what the text stands for.
func (c codec) append(text string) ([]byte, error) {
	if !c.serde.IsValid() {
		return []byte(text), nil
	}
	v := reflect.New(c.typ).Elem()
	if err := parse(v, text); err != nil {
		return nil, fmt.Errorf("%q is no %s: %w", text, c.typ, err)
	}
	out := c.serde.MethodByName("Append").Call([]reflect.Value{reflect.ValueOf([]byte{}), v})
	err, _ := out[1].Interface().(error)
	return out[0].Bytes(), err
}

// decode is the word for what the serde's Decode returns.
func (c codec) decode(b []byte) (string, error) {
	if !c.serde.IsValid() {
		return quote(string(b)), nil
	}
	out := c.serde.MethodByName("Decode").Call([]reflect.Value{reflect.ValueOf(b)})
	if err, _ := out[1].Interface().(error); err != nil {
		return "", err
	}
	return c.word(out[0]), nil
}

// word is that of a value of the serde, which knows whether the end of a window
// is part of it.
func (c codec) word(v reflect.Value) string {
	text := word(v)
	if c.serde.IsValid() && windowed(v.Type()) {
		if s, ok := c.serde.Interface().(interface{ EndIncluded() bool }); ok && s.EndIncluded() {
			text = strings.TrimSuffix(text, ")") + "]"
		}
	}
	return text
}

func parse(v reflect.Value, text string) error {
	switch {
	case v.Kind() == reflect.String:
		v.SetString(text)
	case v.Type() == reflect.TypeFor[[]byte]():
		v.SetBytes([]byte(text))
	default:
		return json.Unmarshal([]byte(text), v.Addr().Interface())
	}
	return nil
}

// word is format of a value, as a word of a line. The bounds of a windowed key
// are written as scripts write times.
func word(v reflect.Value) string {
	if !windowed(v.Type()) {
		return quote(format(v))
	}
	start, end := v.FieldByName("Start").Int(), v.FieldByName("End").Int()
	return fmt.Sprintf("%s@[%s,%s)", word(v.FieldByName("Key")), clock(start), clock(end))
}

// windowed says that t is a state.Windowed.
func windowed(t reflect.Type) bool {
	return t.PkgPath() == reflect.TypeFor[state.Windowed[string]]().PkgPath() && strings.HasPrefix(t.Name(), "Windowed[")
}

// format is the text for a value of any type.
func format(v reflect.Value) string {
	switch {
	case v.Type().Implements(reflect.TypeFor[fmt.Stringer]()):
		return v.Interface().(fmt.Stringer).String()
	case v.Kind() == reflect.String:
		return v.String()
	case v.Type() == reflect.TypeFor[[]byte]():
		return string(v.Bytes())
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10)
	case v.CanFloat():
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	}
	if b, err := json.Marshal(v.Interface()); err == nil && string(b) != "{}" {
		return string(b)
	}
	return fmt.Sprintf("%+v", v.Interface())
}
