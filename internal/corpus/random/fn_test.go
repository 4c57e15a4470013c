package random

import (
	"fmt"
	"strconv"
	"strings"
)

// kind is the type of a key or a value.
type kind uint8

const (
	text   kind = iota // string
	number             // int64
)

func (k kind) String() string { return [...]string{"text", "number"}[k] }

// zero is what functions see in place of a null.
func (k kind) zero() any {
	if k == number {
		return int64(0)
	}
	return ""
}

func kindOf[T thing]() kind {
	if _, ok := any(*new(T)).(int64); ok {
		return number
	}
	return text
}

// thing is a type of keys and values.
type thing interface{ string | int64 }

// fn is a pure function of a record's key and value, as data.
type fn struct {
	of  string // "key", "value" or "both"
	mod int64  // what is taken of it modulo; 0 is all
}

func (f fn) String() string {
	if f.mod > 0 {
		return fmt.Sprintf("%s%%%d", f.of, f.mod)
	}
	return f.of
}

// to is the function's result as the given kind.
func (f fn) to(out kind, key, value any) any {
	x := value
	switch f.of {
	case "key":
		x = key
	case "both":
		x = asText(key) + asText(value)
		if out == number {
			x = asNumber(key) + asNumber(value)
		}
	}
	if f.mod > 0 {
		x = f.rest(key, value)
	}
	return as(out, x)
}

// rest is what the function's result is modulo mod, from 0 on.
func (f fn) rest(key, value any) int64 {
	x := asNumber(value)
	switch f.of {
	case "key":
		x = asNumber(key)
	case "both":
		x += asNumber(key)
	}
	return mod(x, max(2, f.mod))
}

// holds is the function as a predicate.
func (f fn) holds(key, value any) bool { return f.rest(key, value) == 0 }

func mod(x, m int64) int64 { return (x%m + m) % m }

func as(k kind, x any) any {
	if k == number {
		return asNumber(x)
	}
	return asText(x)
}

// asText cuts texts short, so that numbers made of them stay small.
func asText(x any) string {
	if s, ok := x.(string); ok {
		return s[:min(9, len(s))]
	}
	return strconv.FormatInt(x.(int64), 10)
}

// asNumber is the number that a text shows, or else one made of its bytes.
func asNumber(x any) int64 {
	s, ok := x.(string)
	if !ok {
		return x.(int64)
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		for _, b := range []byte(s) {
			n += int64(b)
		}
	}
	return n
}

// copies are the values that flat maps make of one: none up to three.
func (f fn) copies(out kind, key, value any) (list []any) {
	for i := range f.rest(key, value) {
		x := f.to(text, key, value).(string)
		list = append(list, as(out, x+strings.Repeat("'", int(i))))
	}
	return list
}

// reduction is a function for Reduce, as data.
type reduction string

const (
	greatest reduction = "greatest"
	sum      reduction = "sum"
	joined   reduction = "joined"  // depends on the order
	cleared  reduction = "cleared" // joined, and deleted now and then
)

// add returns the row with one more value; false deletes it.
func (r reduction) add(row, value any) (any, bool) {
	k := text
	if _, ok := row.(int64); ok {
		k = number
	}
	switch r {
	case greatest:
		if k == number && value.(int64) > row.(int64) || k == text && value.(string) > row.(string) {
			return value, true
		}
		return row, true
	case sum:
		return as(k, asNumber(row)+asNumber(value)), true
	case cleared:
		if mod(asNumber(value), 3) == 2 {
			return nil, false
		}
	}
	if k == number {
		return mod(10*row.(int64)+value.(int64), 100_003), true
	}
	s := row.(string) + value.(string)
	return s[max(0, len(s)-9):], true
}

// commutes says that the order of values does not matter.
func (r reduction) commutes() bool { return r == greatest || r == sum }
