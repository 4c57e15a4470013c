package aggregate

import "github.com/millrace-io/millrace/serde"

// Count is the number of values. Its bytes are those of serde.Int64, as in a
// count of Kafka Streams.
//
// By example: internal/corpus/testdata/count.txt.
func Count[V any]() Aggregation[V, int64, int64] {
	return Aggregation[V, int64, int64]{
		Name:   "count",
		Init:   func() int64 { return 0 },
		Add:    func(n int64, _ V) (int64, error) { return n + 1, nil },
		Merge:  func(a, b int64) (int64, error) { return a + b, nil },
		Remove: func(n int64, _ V) (int64, error) { return n - 1, nil },
		Result: same[int64],
		Bytes:  func(serde.Serde[V]) serde.Serde[int64] { return serde.Int64 },
	}
}
