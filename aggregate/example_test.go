package aggregate_test

import (
	"errors"
	"fmt"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/serde"
)

type Sale struct {
	Product string
	Amount  float64
}

func amountOf(s Sale) float64 { return s.Amount }

func ExampleCombine2() {
	type Stats struct {
		N     int64
		Total float64
	}
	stats := aggregate.Combine2(aggregate.Count[Sale](), aggregate.Sum(amountOf),
		func(n int64, total float64) Stats { return Stats{n, total} })

	acc := stats.Init()
	for _, s := range []Sale{{"Laptop", 2401}, {"Mouse", 125}} {
		acc, _ = stats.Add(acc, s)
	}
	fmt.Printf("%s: %+v\n", stats.Name, stats.Result(acc))

	// The store holds the accumulator, not the result.
	s, _ := stats.Serde(nil, serde.BuiltinOf)
	b, _ := s.Append(nil, acc)
	fmt.Printf("%x\n", b)
	// Output:
	// combine(count, sum): {N:2 Total:2526}
	// 0108000000000000000240a3bc0000000000
}

func ExampleNew() {
	// The longest name so far.
	longer := func(a, b string) (string, error) {
		if len(b) > len(a) {
			return b, nil
		}
		return a, nil
	}
	longest := aggregate.New(func() string { return "" },
		func(acc string, s Sale) (string, error) {
			if s.Product == "" {
				return acc, errors.New("a sale without a product")
			}
			return longer(acc, s.Product)
		})
	longest.Name = "longest"
	longest.Merge = longer // sessions can use it, too

	acc, _ := longest.Add(longest.Init(), Sale{Product: "Mouse"})
	other, _ := longest.Add(longest.Init(), Sale{Product: "Keyboard"})
	acc, _ = longest.Merge(acc, other)
	fmt.Println(longest.Result(acc))

	_, err := longest.Add(acc, Sale{})
	fmt.Println(err)
	// Output:
	// Keyboard
	// a sale without a product
}

func ExampleAvg() {
	avg := aggregate.Avg(amountOf)
	acc, _ := avg.Add(avg.Init(), Sale{"Laptop", 1200})
	acc, _ = avg.Add(acc, Sale{"Mouse", 25})
	acc, _ = avg.Remove(acc, Sale{"Laptop", 1200})
	fmt.Println(avg.Result(acc))
	// Output: 25
}
