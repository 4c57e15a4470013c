package main

import (
	"bytes"
	"strconv"
)

// payload is the value of all records, 100 bytes.
var payload = bytes.Repeat([]byte("millrace: "), 10)

// appendKey appends the key of number n, which has 10 bytes: numbers are below
// 10^8 or so.
func appendKey(dst []byte, n int64) []byte { return strconv.AppendInt(append(dst, 'k'), 1e8+n, 10) }

// scattered is the number of the key of record i: each of the keys once in as
// many records, in an order that no store finds easy.
func scattered(i, keys int64) int64 {
	const prime = 2_654_435_761
	return i % keys * prime % keys
}
