package serdetest_test

import (
	"fmt"
	"strings"

	"github.com/millrace-io/millrace/serde/serdetest"
)

// tail is a serde that keeps the bytes it was given, which change later.
type tail struct{}

func (tail) Append(dst []byte, v []byte) ([]byte, error) { return append(dst, v...), nil }
func (tail) Decode(b []byte) ([]byte, error)             { return b[:len(b):len(b)], nil }

// Check says what is wrong with a serde, for a test to report.
func ExampleCheck() {
	err := serdetest.Check(tail{}, [][]byte{[]byte("some")})
	first, _, _ := strings.Cut(err.Error(), "\n")
	fmt.Println(first)
	// Output: serdetest_test.tail: value 0: the decoded value changes with its bytes: copy what is kept of them
}
