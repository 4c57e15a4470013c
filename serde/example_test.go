package serde_test

import (
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/millrace-io/millrace/serde"
)

func ExampleJSON() {
	type sale struct {
		Product string  `json:"product"`
		Price   float64 `json:"price"`
		Coupon  *string `json:"coupon,omitempty"`
	}
	sales := serde.JSON[sale]()

	b, _ := sales.Append(nil, sale{Product: "Mouse", Price: 25})
	fmt.Println(string(b))

	// A field that is missing is zero, one that is unknown is ignored.
	v, _ := sales.Decode([]byte(`{"product":"Keyboard","colour":"black"}`))
	fmt.Println(v.Product, v.Price, v.Coupon == nil)

	// One of the wrong type is an error, which does not quote it.
	_, err := sales.Decode([]byte(`{"product":"Monitor","price":"a lot"}`))
	fmt.Println(err)

	_, err = serde.JSON[sale](serde.RefuseUnknownFields).Decode([]byte(`{"colour":"black"}`))
	fmt.Println(err)
	// Output:
	// {"product":"Mouse","price":25}
	// Keyboard 0 true
	// decode serde_test.sale from 37 bytes: string for float64 at byte 36 in field price
	// decode serde_test.sale from 18 bytes: a field that the type does not have
}

func ExampleTime() {
	cest := time.FixedZone("CEST", 2*60*60)
	s := serde.Time("2006-01-02 15:04:05", cest)

	t, _ := s.Decode([]byte("2022-09-10 10:12:03"))
	fmt.Println(t.UTC())

	b, _ := s.Append(nil, t.UTC())
	fmt.Println(string(b))
	// Output:
	// 2022-09-10 08:12:03 +0000 UTC
	// 2022-09-10 10:12:03
}

type Celsius float64

type celsius struct{}

func (celsius) Append(dst []byte, t Celsius) ([]byte, error) {
	return strconv.AppendFloat(dst, float64(t), 'f', 1, 64), nil
}

func (celsius) Decode(b []byte) (Celsius, error) {
	t, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return 0, &serde.DecodeError{Type: reflect.TypeFor[Celsius](), Len: len(b), Reason: "no number"}
	}
	return Celsius(t), nil
}

func ExampleSerde() {
	var s serde.Serde[Celsius] = celsius{}
	b, _ := s.Append([]byte("outside "), 21.35)
	fmt.Println(string(b))
	_, err := s.Decode([]byte("warm"))
	fmt.Println(err)
	// Output:
	// outside 21.4
	// decode serde_test.Celsius from 4 bytes: no number
}

// Pair is a generic type that makes its own Serde.
type Pair[A, B any] struct {
	First  A
	Second B
}

func (Pair[A, B]) DeriveSerde(find func(reflect.Type) (any, bool)) (any, error) {
	a, ok := find(reflect.TypeFor[A]())
	if !ok {
		return nil, fmt.Errorf("no serde for %s: register one", reflect.TypeFor[A]())
	}
	b, ok := find(reflect.TypeFor[B]())
	if !ok {
		return nil, fmt.Errorf("no serde for %s: register one", reflect.TypeFor[B]())
	}
	return pairSerde[A, B]{a.(serde.Serde[A]), b.(serde.Serde[B])}, nil
}

// pairSerde writes the length of the first in one byte, and both.
type pairSerde[A, B any] struct {
	first  serde.Serde[A]
	second serde.Serde[B]
}

func (s pairSerde[A, B]) Append(dst []byte, v Pair[A, B]) ([]byte, error) {
	at := len(dst)
	dst, err := s.first.Append(append(dst, 0), v.First)
	if err != nil {
		return dst, err
	}
	dst[at] = byte(len(dst) - at - 1)
	return s.second.Append(dst, v.Second)
}

func (s pairSerde[A, B]) Decode(b []byte) (v Pair[A, B], err error) {
	if len(b) == 0 || len(b) <= int(b[0]) {
		return v, &serde.DecodeError{Type: reflect.TypeFor[Pair[A, B]](), Len: len(b), Reason: "cut off"}
	}
	if v.First, err = s.first.Decode(b[1 : 1+b[0]]); err != nil {
		return v, err
	}
	v.Second, err = s.second.Decode(b[1+b[0]:])
	return v, err
}

func ExampleDeriver() {
	var d serde.Deriver = Pair[string, bool]{}
	found, err := d.DeriveSerde(serde.BuiltinOf)
	if err != nil {
		fmt.Println(err)
		return
	}
	s := found.(serde.Serde[Pair[string, bool]])
	b, _ := s.Append(nil, Pair[string, bool]{"lamp", true})
	fmt.Printf("%q\n", b)

	_, err = Pair[int, bool]{}.DeriveSerde(serde.BuiltinOf)
	fmt.Println(err)
	// Output:
	// "\x04lamp\x01"
	// no serde for int: register one
}
