package joins

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/topology"
)

// Part is a table with what its rows set in rows of R, which Tables and Enrich
// make of several tables. The zero value is of no use.
type Part[K, R any] struct {
	of part[K, R]
}

// Required is a table without whose row there is none of what it is part of.
//
// set is called with the zero value of R, or what the parts before have made of
// it, and must keep no pointer to it.
func Required[K, V, R any](t topology.KTable[K, V], set func(row *R, value V)) Part[K, R] {
	return newPart(t, true, set)
}

// Optional is a table whose row is set where there is one.
func Optional[K, V, R any](t topology.KTable[K, V], set func(row *R, value V)) Part[K, R] {
	return newPart(t, false, set)
}

func newPart[K, V, R any](t topology.KTable[K, V], required bool, set func(*R, V)) Part[K, R] {
	h := t.Graph()
	if set == nil {
		h.Builder.Errorf(graph.Caller(), "the function of a part is nil")
	}
	return Part[K, R]{partOf[K, V, R]{h, required, set}}
}

// Tables joins any number of tables in one operator, without what a chain of
// joins holds and sends on in between:
//
//	profiles := joins.Tables("profiles",
//		joins.Required(users, func(p *Profile, u User) { p.Name = u.Name }),
//		joins.Optional(emails, func(p *Profile, e Email) { p.Email = e.Address }))
//
// A row exists when all required parts have one of its key; if none is required,
// when any part does. It begins as the zero value of R, and the parts set in it
// what they have, in their order. It changes once with each record that changes
// parts, and has the latest of their times. name is that of the operator. All
// else is as with InnerTables, which see. Rows are computed on demand;
// topology.MapTable or Filter with the option Stored keeps them.
//
// By example: internal/corpus/testdata/tables.txt.
func Tables[K, R any](name string, first, second Part[K, R], more ...Part[K, R]) topology.KTable[K, R] {
	const op = "tables"
	b := first.of.graph().Builder
	return tableJoin[K, R, R]{
		op: op, options: graph.OptionsOf(b, op, []topology.Option{topology.Name(name)}, graph.OptName),
		parts: append([]part[K, R]{first.of, second.of}, partsOf(more)...), row: func(_ K, row *R) R { return *row },
	}.table()
}

func partsOf[K, R any](parts []Part[K, R]) []part[K, R] {
	of := make([]part[K, R], len(parts))
	for i, p := range parts {
		of[i] = p.of
	}
	return of
}
