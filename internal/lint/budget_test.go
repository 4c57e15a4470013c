package lint

import (
	"cmp"
	"go/token"
	"go/types"
	"testing"
)

// otherNames is how many names a package may export that is not in budget.
const otherNames = 12

// budget is how many names a package may export: functions, types, and one for
// all constants or variables of a type. Methods are not counted. A new name
// costs every reader of the documentation; before raising a number, see
// whether an old one can go.
var budget = map[string]int{
	"millrace":  20,
	"topology":  80,
	"processor": 20,
	"state":     25,
	"windowing": 20,
}

// overBudget are the packages that need more, with the number they have and
// the reason. When one shrinks, its number here does too.
var overBudget = map[string]struct {
	names int
	why   string
}{
	"aggregate":   {28, "a constructor per function that SQL has, and accumulators show up in the types of aggregations"},
	"changelog":   {25, "called by internal/runtime only: nobody has to read it to use the library"},
	"joins":       {39, "a function per kind of join and of what is joined, since a function has one type; one form of joiner each"},
	"processor":   {27, "the observer has a struct for each of its five events, classes and actions have constants"},
	"serde":       {22, "a variable per built-in encoding, an optional interface per question that a serde may answer"},
	"state":       {35, "for each kind of store the view that users see, its format, and the rows that backends and changelogs see"},
	"status":      {21, "plain data: a struct per part of a snapshot and of a description"},
	"streamstest": {20, "a driver with typed inputs, outputs and stores, and a script language"},
	"topology":    {100, "an operator or an option per name: tables, processors' stores and outputs, calls to services, watermarks"},
	"windowing":   {36, "a constructor per kind of window and of emission, and operators of streams that hold back by time"},
}

func TestPublicAPIStaysSmall(t *testing.T) {
	for _, p := range publicPackages(t) {
		name := folder(p)
		most, n := cmp.Or(budget[name], otherNames), exportedNames(p)
		over, excepted := overBudget[name]
		switch {
		case !excepted && n > most:
			t.Errorf("package %s exports %d names, %d is the most (budget_test.go)", name, n, most)
		case excepted && n <= most:
			t.Errorf("package %s keeps to its budget of %d: delete its exception (budget_test.go)", name, most)
		case excepted && n != over.names:
			t.Errorf("package %s exports %d names, %d by its exception (budget_test.go)", name, n, over.names)
		}
	}
}

func exportedNames(p *types.Package) int {
	names := map[string]bool{}
	for _, n := range p.Scope().Names() {
		if !token.IsExported(n) {
			continue
		}
		switch o := p.Scope().Lookup(n).(type) {
		case *types.Const, *types.Var:
			names["values of "+o.Type().String()] = true
		default:
			names[n] = true
		}
	}
	return len(names)
}
