package serde_test

import (
	"testing"
	"time"

	"github.com/millrace-io/millrace/serde"
)

func BenchmarkString(b *testing.B)  { bench(b, serde.String, "a word of text") }
func BenchmarkInt64(b *testing.B)   { bench(b, serde.Int64, -123456789) }
func BenchmarkDecimal(b *testing.B) { bench(b, serde.DecimalInt64, -123456789) }
func BenchmarkTime(b *testing.B) {
	bench(b, serde.Time(time.DateTime, nil), time.Date(2022, 9, 10, 10, 12, 3, 0, time.UTC))
}
func BenchmarkJSON(b *testing.B) { bench(b, serde.JSON[line](), line{"Mouse", 2}) }
func BenchmarkJSONStrict(b *testing.B) {
	bench(b, serde.JSON[line](serde.RefuseUnknownFields), line{"Mouse", 2})
}

func bench[T any](b *testing.B, s serde.Serde[T], v T) {
	buf, err := s.Append(nil, v)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if buf, err = s.Append(buf[:0], v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err = s.Decode(buf); err != nil {
				b.Fatal(err)
			}
		}
	})
}
