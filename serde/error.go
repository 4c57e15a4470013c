package serde

import (
	"fmt"
	"reflect"
	"regexp"
)

// DecodeError says that bytes are not the encoding of a value of a type. It
// names the type and the number of bytes, never the bytes.
type DecodeError struct {
	Type   reflect.Type
	Len    int    // bytes of the input
	Reason string // what is wrong, or what is expected
}

// Error returns one line.
func (e *DecodeError) Error() string {
	return fmt.Sprintf("decode %s from %d bytes: %s", typeName(e.Type), e.Len, e.Reason)
}

func refuse[T any](b []byte, reason string) error {
	return &DecodeError{Type: reflect.TypeFor[T](), Len: len(b), Reason: reason}
}

// folder matches the folders of import paths. Go spells them out in the type
// arguments of a generic type.
var folder = regexp.MustCompile(`[\w.~-]+/`)

// typeName is the name of t with packages, without their paths.
func typeName(t reflect.Type) string {
	return folder.ReplaceAllString(fmt.Sprint(t), "")
}
