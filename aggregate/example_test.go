package aggregate_test

import (
	"cmp"
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

var sales = []Sale{{"Laptop", 1200}, {"Mouse", 25}, {"Keyboard", 75}, {"Mouse", 30}}

func productOf(s Sale) string { return s.Product }

func wholeSale(s Sale) Sale { return s }

// show prints what an aggregation makes of the sales. In a topology,
// topology.Aggregate does so for each key:
//
//	topology.Aggregate(topology.GroupByKey(sales), "totals", aggregate.Sum(amountOf))
func show[A, R any](agg aggregate.Aggregation[Sale, A, R]) {
	acc := agg.Init()
	for _, s := range sales {
		var err error
		if acc, err = agg.Add(acc, s); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(agg.Result(acc))
}

func ExampleCount() {
	show(aggregate.Count[Sale]())
	// Output: 4
}

func ExampleSum() {
	show(aggregate.Sum(amountOf))
	// Output: 1330
}

func ExampleSum_overflow() {
	tooSmall := aggregate.Sum(func(s Sale) int8 { return int8(s.Amount / 10) })
	show(tooSmall)
	// Output: the sum leaves the range of int8: sum in a wider type
}

func ExampleMin() {
	show(aggregate.Min(amountOf))
	// Output: 25
}

func ExampleMax() {
	show(aggregate.Max(amountOf))
	// Output: 1200
}

func ExampleFirst() {
	show(aggregate.First(productOf))
	// Output: Laptop
}

func ExampleLast() {
	show(aggregate.Last(wholeSale))
	// Output: {Mouse 30}
}

func ExampleTopN() {
	byAmount := func(a, b Sale) int { return cmp.Compare(a.Amount, b.Amount) }
	show(aggregate.TopN(wholeSale, 2, byAmount))
	show(aggregate.TopN(amountOf, 2, cmp.Compare))
	// Output:
	// [{Laptop 1200} {Keyboard 75}]
	// [1200 75]
}

// With its arguments exchanged, compare finds the smallest.
func ExampleTopN_smallest() {
	show(aggregate.TopN(amountOf, 3, func(a, b float64) int { return cmp.Compare(b, a) }))
	// Output: [25 30 75]
}

func ExampleDistinct() {
	show(aggregate.Distinct(productOf, 1000))
	show(aggregate.Distinct(productOf, 2))
	// Output:
	// 3
	// more than 2 distinct values: raise the limit, or use ApproxDistinct
}

func ExampleApproxDistinct() {
	users := aggregate.ApproxDistinct(func(user string) string { return user }, 0)
	acc := users.Init()
	for i := range 100_000 {
		acc, _ = users.Add(acc, fmt.Sprint("user-", i%50_000))
	}
	fmt.Println("about", users.Result(acc))
	// Output: about 50416
}

func ExampleCollectList() {
	show(aggregate.CollectList(productOf, 100))
	// Output: [Laptop Mouse Keyboard Mouse]
}

func ExampleCollectSet() {
	show(aggregate.CollectSet(productOf, 100))
	// Output: [Laptop Mouse Keyboard]
}

// Null parts are skipped as SQL's aggregations do. Here a pointer can be nil.
func ExampleWhere() {
	type Review struct{ Rating *int }
	five, two := 5, 2
	reviews := []Review{{&five}, {nil}, {&two}}

	rated := func(r Review) bool { return r.Rating != nil }
	rating := func(r Review) int { return *r.Rating }
	agg := aggregate.Combine3(
		aggregate.Count[Review](),                         // count(*)
		aggregate.Where(rated, aggregate.Count[Review]()), // count(rating)
		aggregate.Where(rated, aggregate.Avg(rating)),     // avg(rating)
		func(all, rated int64, mean float64) string {
			if rated == 0 {
				return "not rated" // where SQL's avg is NULL
			}
			return fmt.Sprintf("%.1f by %d of %d", mean, rated, all)
		})
	acc := agg.Init()
	fmt.Println(agg.Result(acc))
	for _, r := range reviews {
		acc, _ = agg.Add(acc, r)
	}
	fmt.Println(agg.Result(acc))
	// Output:
	// not rated
	// 3.5 by 2 of 3
}

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

func ExampleCombine3() {
	show(aggregate.Combine3(aggregate.Count[Sale](), aggregate.Min(amountOf), aggregate.Max(amountOf),
		func(n int64, least, most float64) string { return fmt.Sprintf("%d of %v to %v", n, least, most) }))
	// Output: 4 of 25 to 1200
}

func ExampleCombine4() {
	show(aggregate.Combine4(aggregate.Count[Sale](), aggregate.Sum(amountOf), aggregate.First(productOf), aggregate.Last(productOf),
		func(n int64, total float64, first, last string) string {
			return fmt.Sprintf("%d, %v in all, from %s to %s", n, total, first, last)
		}))
	// Output: 4, 1330 in all, from Laptop to Mouse
}

func ExampleCombine5() {
	type Stats struct {
		N                      int64
		Total, Mean, Min, Most float64
	}
	show(aggregate.Combine5(
		aggregate.Count[Sale](), aggregate.Sum(amountOf), aggregate.Avg(amountOf), aggregate.Min(amountOf), aggregate.Max(amountOf),
		func(n int64, total, mean, least, most float64) Stats { return Stats{n, total, mean, least, most} }))
	// Output: {4 1330 332.5 25 1200}
}

func ExampleCombine6() {
	type Stats struct {
		N                int64
		Total, Min, Most float64
		Products         int64
		Top              []string
	}
	byAmount := func(a, b Sale) int { return cmp.Compare(a.Amount, b.Amount) }
	show(aggregate.Combine6(
		aggregate.Count[Sale](), aggregate.Sum(amountOf), aggregate.Min(amountOf), aggregate.Max(amountOf),
		aggregate.Distinct(productOf, 1000), aggregate.TopN(wholeSale, 2, byAmount),
		func(n int64, total, least, most float64, products int64, top []Sale) Stats {
			s := Stats{N: n, Total: total, Min: least, Most: most, Products: products}
			for _, sale := range top {
				s.Top = append(s.Top, sale.Product)
			}
			return s
		}))
	// Output: {4 1330 25 1200 3 [Laptop Keyboard]}
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
