package serdetest

import (
	"fmt"
	"reflect"
)

// shared returns where two values of one type hold the same memory through a
// pointer, slice or map, "" if nowhere. Strings may share: nobody can change
// them. Values without size have no memory to share.
func shared(a, b reflect.Value) string { return (&walk{}).shared(a, b, "the value") }

// walk remembers the pointers that it has followed: values may be cyclic.
type walk struct {
	seen map[uintptr]bool
}

func (w *walk) shared(a, b reflect.Value, path string) string {
	if a.IsValid() != b.IsValid() || !a.IsValid() {
		return ""
	}
	switch a.Kind() {
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() || a.Type().Elem().Size() == 0 || w.visited(a.Pointer()) {
			return ""
		}
		if a.Pointer() == b.Pointer() {
			return path
		}
		return w.shared(a.Elem(), b.Elem(), "*"+path)
	case reflect.Interface:
		if a.IsNil() || b.IsNil() || a.Elem().Type() != b.Elem().Type() {
			return ""
		}
		return w.shared(a.Elem(), b.Elem(), path)
	case reflect.Slice:
		if a.Cap() > 0 && b.Cap() > 0 && a.Type().Elem().Size() > 0 && a.Pointer() == b.Pointer() {
			return path
		}
		return w.elements(a, b, path)
	case reflect.Array:
		return w.elements(a, b, path)
	case reflect.Map:
		if a.IsNil() || b.IsNil() {
			return ""
		}
		if a.Pointer() == b.Pointer() {
			return path
		}
		for it := a.MapRange(); it.Next(); {
			if where := w.shared(it.Value(), b.MapIndex(it.Key()), path+"[...]"); where != "" {
				return where
			}
		}
	case reflect.Struct:
		for i := range a.NumField() {
			if where := w.shared(a.Field(i), b.Field(i), path+"."+a.Type().Field(i).Name); where != "" {
				return where
			}
		}
	}
	return ""
}

func (w *walk) elements(a, b reflect.Value, path string) string {
	for i := range min(a.Len(), b.Len()) {
		if where := w.shared(a.Index(i), b.Index(i), fmt.Sprintf("%s[%d]", path, i)); where != "" {
			return where
		}
	}
	return ""
}

func (w *walk) visited(p uintptr) bool {
	if w.seen == nil {
		w.seen = map[uintptr]bool{}
	}
	was := w.seen[p]
	w.seen[p] = true
	return was
}
