package store_test

import (
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/store"
)

func TestPlainTypes(t *testing.T) {
	type inner struct {
		Name  string
		Parts [3]float64
	}
	type hidden struct {
		Inner inner
		P     *int
	}
	for name, c := range map[string]struct{ got, want bool }{
		"int64":               {store.Plain[int64](), true},
		"string":              {store.Plain[string](), true},
		"bool":                {store.Plain[bool](), true},
		"complex":             {store.Plain[complex128](), true},
		"duration":            {store.Plain[time.Duration](), true},
		"struct":              {store.Plain[inner](), true},
		"array of structs":    {store.Plain[[2]inner](), true},
		"empty struct":        {store.Plain[struct{}](), true},
		"array of none":       {store.Plain[[0]*int](), true},
		"bytes":               {store.Plain[[]byte](), false},
		"map":                 {store.Plain[map[string]int](), false},
		"pointer":             {store.Plain[*int](), false},
		"interface":           {store.Plain[any](), false},
		"func":                {store.Plain[func()](), false},
		"chan":                {store.Plain[chan int](), false},
		"pointer in a struct": {store.Plain[hidden](), false},
		"slices in an array":  {store.Plain[[2][]int](), false},
		"time, for its zone":  {store.Plain[time.Time](), false},
	} {
		if c.got != c.want {
			t.Errorf("%s: plain is %v, want %v", name, c.got, c.want)
		}
	}
}

func TestBytesCountAllStringsOfAValue(t *testing.T) {
	type row struct {
		N    int
		A, B string
		More [3]struct{ S string }
	}
	s := store.NewKeyValue(&base{}, text{}, anything[row]{}, store.Options{})
	do(t, s.Put("k", row{}))
	_, empty, _ := s.Bytes()
	v := row{A: "12", B: "345"}
	v.More[2].S = "6789"
	do(t, s.Put("k", v))
	if _, full, _ := s.Bytes(); full-empty != 9 {
		t.Fatalf("9 bytes of text count as %d", full-empty)
	}
}

type anything[V any] struct{}

func (anything[V]) Append(dst []byte, _ V) ([]byte, error) { return dst, nil }
func (anything[V]) Decode([]byte) (v V, _ error)           { return v, nil }
