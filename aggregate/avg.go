package aggregate

import (
	"encoding/binary"

	"github.com/millrace-io/millrace/serde"
)

// Mean is the accumulator of Avg.
type Mean struct {
	sum   float64
	count int64
}

// Avg is the arithmetic mean of a number of each value. The average of nothing
// is 0, and not NaN, which JSON cannot hold: a table's group from which all
// rows were removed still has a result. The sum is a float64, exact for
// integers as long as it stays within 2^53.
//
// By example: internal/corpus/testdata/sum-avg.txt.
func Avg[V any, N Number](of func(V) N) Aggregation[V, Mean, float64] {
	return Aggregation[V, Mean, float64]{
		Name: "avg",
		Init: func() Mean { return Mean{} },
		Add: func(m Mean, v V) (Mean, error) {
			return Mean{m.sum + float64(of(v)), m.count + 1}, nil
		},
		Merge: func(a, b Mean) (Mean, error) {
			return Mean{a.sum + b.sum, a.count + b.count}, nil
		},
		Remove: func(m Mean, v V) (Mean, error) {
			if m.count == 1 {
				return Mean{}, nil // no residue of rounding
			}
			return Mean{m.sum - float64(of(v)), m.count - 1}, nil
		},
		Result: func(m Mean) float64 {
			if m.count == 0 {
				return 0
			}
			return m.sum / float64(m.count)
		},
		Bytes: func(serde.Serde[V]) serde.Serde[Mean] { return meanSerde{} },
	}
}

// meanSerde writes the version, the count and the sum.
type meanSerde struct{}

func (meanSerde) Append(dst []byte, m Mean) ([]byte, error) {
	dst = binary.BigEndian.AppendUint64(append(dst, version), uint64(m.count))
	return serde.Float64.Append(dst, m.sum)
}

func (meanSerde) Decode(b []byte) (m Mean, err error) {
	rest, err := unversioned[Mean](b)
	if err != nil {
		return Mean{}, err
	}
	if len(rest) != 16 {
		return Mean{}, refuse[Mean](b, "want a length of 17")
	}
	m.count = int64(binary.BigEndian.Uint64(rest))
	m.sum, err = serde.Float64.Decode(rest[8:])
	return m, err
}

func (meanSerde) SerdeName() string { return "mean" }
