package serdetest_test

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/serde/serdetest"
)

type order struct {
	ID    string
	Items []string
	By    *string
	Tags  map[string]int
}

func orders() []order {
	by := "carol"
	return []order{{}, {ID: "1001", Items: []string{"laptop", "mouse"}, By: &by, Tags: map[string]int{"a": 1}}}
}

func TestBuiltInSerdesKeepTheContract(t *testing.T) {
	check(t, serde.String, "", "a", strings.Repeat("long", 1000), "\x00\xff")
	check(t, serde.Bytes, []byte{}, []byte{0}, []byte("text"))
	check(t, serde.Int32, 0, 1, -1, math.MinInt32)
	check(t, serde.Int64, 0, 1, -1, math.MaxInt64)
	check(t, serde.DecimalInt64, 0, -42, math.MinInt64)
	check(t, serde.Float32, 0, 1.5, float32(math.Inf(-1)))
	check(t, serde.Float64, 0, -1.5, math.MaxFloat64)
	check(t, serde.Bool, false, true)
	check(t, serde.Time(time.RFC3339Nano, time.UTC), time.Unix(0, 0).UTC(), time.Unix(1.7e9, 5).UTC())
	if err := serdetest.Check(serde.JSON[order](), orders()); err != nil {
		t.Error(err)
	}
}

func check[T any](t *testing.T, s serde.Serde[T], values ...T) {
	t.Helper()
	if err := serdetest.Check(s, values, cmpopts.EquateEmpty()); err != nil {
		t.Error(err)
	}
}

// spoilt is the JSON serde with some of it replaced.
type spoilt struct {
	encode func(dst []byte, v order) ([]byte, error)
	decode func(b []byte) (order, error)
}

func (s spoilt) Append(dst []byte, v order) ([]byte, error) {
	if s.encode != nil {
		return s.encode(dst, v)
	}
	return serde.JSON[order]().Append(dst, v)
}

func (s spoilt) Decode(b []byte) (order, error) {
	if s.decode != nil {
		return s.decode(b)
	}
	return serde.JSON[order]().Decode(b)
}

func (spoilt) SerdeName() string { return "spoilt" }

type nameless struct{ spoilt }

func (nameless) SerdeName() string { return "" }

type shallow struct{ spoilt }

func (shallow) Clone(v order) order { return v }

type forgetful struct{ spoilt }

func (forgetful) Clone(v order) order { return order{ID: v.ID} }

type oddNull struct{ spoilt }

func (oddNull) IsNull(v order) bool { return v.ID == "null" }

func TestEveryBreachIsFound(t *testing.T) {
	kept := order{ID: "kept", Items: []string{"one"}}
	var calls atomic.Int32
	for _, c := range []struct {
		name string
		s    serde.Serde[order]
		want string
	}{
		{"nameless", nameless{}, "name is empty"},
		{"clone shares", shallow{}, "a clone shares memory"},
		{"clone loses", forgetful{}, "a clone is encoded as"},
		{"null", oddNull{}, "IsNull does not take the zero value"},
		{"append fails", spoilt{encode: func(dst []byte, _ order) ([]byte, error) {
			return dst, errors.New("no")
		}}, "Append: no"},
		{"append panics", spoilt{encode: func([]byte, order) ([]byte, error) { panic("no") }}, "Append: panic: no"},
		{"append replaces", spoilt{encode: func(_ []byte, v order) ([]byte, error) {
			return json.Marshal(v)
		}}, "drops or changes the bytes before"},
		{"append counts", spoilt{encode: func(dst []byte, v order) ([]byte, error) {
			v.Items = slices.Repeat([]string{"x"}, int(calls.Add(1)))
			return serde.JSON[order]().Append(dst, v)
		}}, "equal values need equal bytes"},
		{"decode fails", spoilt{decode: func([]byte) (order, error) { return order{}, errors.New("no") }}, "Decode of what Append wrote: no"},
		{"decode loses", spoilt{decode: func([]byte) (order, error) { return order{ID: "1001"}, nil }}, "another value"},
		{"decode scribbles", spoilt{decode: func(b []byte) (order, error) {
			v, err := serde.JSON[order]().Decode(b)
			clear(b)
			return v, err
		}}, "Decode changes its bytes"},
		{"decode panics on garbage", spoilt{decode: func(b []byte) (v order, err error) {
			if json.Unmarshal(b, &v) != nil {
				panic("garbage")
			}
			return v, nil
		}}, "panic: garbage"},
		{"decode returns one value", spoilt{decode: func(b []byte) (order, error) {
			v, err := serde.JSON[order]().Decode(b)
			if v.ID != "" {
				v.Items = kept.Items
			}
			return v, err
		}}, "another value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := serdetest.Check(c.s, orders())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestMemoryThatIsKeptOrSharedIsFound(t *testing.T) {
	err := serdetest.Check[[]byte](aliasing{}, [][]byte{[]byte("text")})
	if err == nil || !strings.Contains(err.Error(), "changes with its bytes") {
		t.Errorf("a value in the memory of its bytes: %v", err)
	}
	err = serdetest.Check[*int](&cached{}, []*int{new(int)})
	if err == nil || !strings.Contains(err.Error(), "share memory") {
		t.Errorf("one value for all: %v", err)
	}
}

// aliasing returns the bytes themselves.
type aliasing struct{}

func (aliasing) Append(dst, v []byte) ([]byte, error) { return append(dst, v...), nil }
func (aliasing) Decode(b []byte) ([]byte, error)      { return b, nil }

// cached returns the same pointer each time.
type cached struct{ v int }

func (*cached) Append(dst []byte, v *int) ([]byte, error) { return append(dst, byte(*v)), nil }
func (c *cached) Decode([]byte) (*int, error)             { return &c.v, nil }

func TestNothingToCheckIsAnError(t *testing.T) {
	if err := serdetest.Check(serde.String, nil); err == nil {
		t.Error("no values, no error")
	}
}
