package store

import (
	"reflect"
	"unsafe"
)

// Plain reports whether a V can be kept decoded: copying it by assignment
// copies all of it, since it holds no pointer, slice, map, channel, function or
// interface. Strings are fine, nobody can change them.
func Plain[V any]() bool {
	_, plain := plainLayout[V]()
	return plain
}

// plainLayout also returns the offsets of the strings in a V.
func plainLayout[V any]() (strings []uintptr, plain bool) {
	return layout(reflect.TypeFor[V](), 0, nil)
}

// layout adds the offsets of all strings in a t at offset base, and reports
// whether t is plain.
func layout(t reflect.Type, base uintptr, offsets []uintptr) (_ []uintptr, plain bool) {
	switch t.Kind() {
	case reflect.String:
		return append(offsets, base), true
	case reflect.Array:
		before := len(offsets)
		for i := range t.Len() {
			if i > 0 && len(offsets) == before {
				break // an element has no strings
			}
			at := base + uintptr(i)*t.Elem().Size()
			if offsets, plain = layout(t.Elem(), at, offsets); !plain {
				return nil, false
			}
		}
		return offsets, true
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if offsets, plain = layout(f.Type, base+f.Offset, offsets); !plain {
				return nil, false
			}
		}
		return offsets, true
	case reflect.Pointer, reflect.UnsafePointer, reflect.Slice, reflect.Map, reflect.Chan, reflect.Func, reflect.Interface:
		return nil, false
	}
	return offsets, true
}

// text is the length of the strings in v that layout found.
func text[V any](v *V, offsets []uintptr) (n int) {
	for _, off := range offsets {
		n += len(*(*string)(unsafe.Add(unsafe.Pointer(v), off)))
	}
	return n
}
