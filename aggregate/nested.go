package aggregate

import "fmt"

// Combine3 is Combine2 for three aggregations. Its accumulator and its bytes
// are those of two combinations, one in the other.
func Combine3[V, A, B, C, RA, RB, RC, R any](
	a Aggregation[V, A, RA], b Aggregation[V, B, RB], c Aggregation[V, C, RC],
	result func(RA, RB, RC) R,
) Aggregation[V, Acc2[Acc2[A, B], C], R] {
	type results struct {
		a RA
		b RB
	}
	first := Combine2(a, b, func(a RA, b RB) results { return results{a, b} })
	all := Combine2(first, c, func(r results, c RC) R { return result(r.a, r.b, c) })
	all.Name = fmt.Sprintf("combine(%s, %s, %s)", a.Name, b.Name, c.Name)
	return all
}

// Combine4 is Combine2 for four aggregations. Its accumulator is that of a
// Combine2 of the first three and the last.
func Combine4[V, A, B, C, D, RA, RB, RC, RD, R any](
	a Aggregation[V, A, RA], b Aggregation[V, B, RB], c Aggregation[V, C, RC], d Aggregation[V, D, RD],
	result func(RA, RB, RC, RD) R,
) Aggregation[V, Acc2[Acc2[Acc2[A, B], C], D], R] {
	type results struct {
		a RA
		b RB
		c RC
	}
	first := Combine3(a, b, c, func(a RA, b RB, c RC) results { return results{a, b, c} })
	all := Combine2(first, d, func(r results, d RD) R { return result(r.a, r.b, r.c, d) })
	all.Name = fmt.Sprintf("combine(%s, %s, %s, %s)", a.Name, b.Name, c.Name, d.Name)
	return all
}

// Combine5 is Combine2 for five aggregations. Its accumulator is that of a
// Combine2 of the first four and the last.
func Combine5[V, A, B, C, D, E, RA, RB, RC, RD, RE, R any](
	a Aggregation[V, A, RA], b Aggregation[V, B, RB], c Aggregation[V, C, RC], d Aggregation[V, D, RD],
	e Aggregation[V, E, RE],
	result func(RA, RB, RC, RD, RE) R,
) Aggregation[V, Acc2[Acc2[Acc2[Acc2[A, B], C], D], E], R] {
	type results struct {
		a RA
		b RB
		c RC
		d RD
	}
	first := Combine4(a, b, c, d, func(a RA, b RB, c RC, d RD) results { return results{a, b, c, d} })
	all := Combine2(first, e, func(r results, e RE) R { return result(r.a, r.b, r.c, r.d, e) })
	all.Name = fmt.Sprintf("combine(%s, %s, %s, %s, %s)", a.Name, b.Name, c.Name, d.Name, e.Name)
	return all
}

// Combine6 is Combine2 for six aggregations. Its accumulator is that of a
// Combine2 of the first five and the last. For more, combine combinations.
func Combine6[V, A, B, C, D, E, F, RA, RB, RC, RD, RE, RF, R any](
	a Aggregation[V, A, RA], b Aggregation[V, B, RB], c Aggregation[V, C, RC], d Aggregation[V, D, RD],
	e Aggregation[V, E, RE], f Aggregation[V, F, RF],
	result func(RA, RB, RC, RD, RE, RF) R,
) Aggregation[V, Acc2[Acc2[Acc2[Acc2[Acc2[A, B], C], D], E], F], R] {
	type results struct {
		a RA
		b RB
		c RC
		d RD
		e RE
	}
	first := Combine5(a, b, c, d, e, func(a RA, b RB, c RC, d RD, e RE) results { return results{a, b, c, d, e} })
	all := Combine2(first, f, func(r results, f RF) R { return result(r.a, r.b, r.c, r.d, r.e, f) })
	all.Name = fmt.Sprintf("combine(%s, %s, %s, %s, %s, %s)", a.Name, b.Name, c.Name, d.Name, e.Name, f.Name)
	return all
}
