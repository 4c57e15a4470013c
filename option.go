package millrace

import (
	"cmp"
	"reflect"
	"runtime"
	"strings"
)

// sameOption compares the values of a client option. Of functions, and of
// implementations behind a pointer, only the kind can be told.
func sameOption(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, y := reflect.ValueOf(a[i]), reflect.ValueOf(b[i])
		if x.IsValid() && x.Kind() == reflect.Func && y.IsValid() && y.Kind() == reflect.Func {
			if x.IsNil() != y.IsNil() {
				return false
			}
			continue
		}
		if x.IsValid() && y.IsValid() && x.Kind() == reflect.Pointer && x.Type() == y.Type() {
			continue
		}
		if !reflect.DeepEqual(a[i], b[i]) {
			return false
		}
	}
	return true
}

// optionName is how users write the option, for example "kgo.ConsumerGroup".
func optionName(opt any) string {
	name := runtime.FuncForPC(reflect.ValueOf(opt).Pointer()).Name()
	return name[strings.LastIndex(name, "/")+1:]
}

func compareText(a, b error) int {
	text := func(err error) string {
		if err == nil {
			return ""
		}
		return err.Error()
	}
	return cmp.Compare(text(a), text(b))
}
