package random

import (
	"fmt"
	"strings"
	"time"

	"github.com/millrace-io/millrace/joins"
)

// joinKind is what a step joins.
type joinKind uint8

const (
	noJoin joinKind = iota
	streamsJoin
	manyStreams
	tableLookup
	tablesJoin
	foreignJoin
	foreignList
	globalLookup
	enrichment
)

func (s *step) joins() joinKind {
	switch {
	case s.op == "many streams":
		return manyStreams
	case s.window != nil:
		return streamsJoin
	case strings.HasSuffix(s.op, "table lookup"):
		return tableLookup
	case strings.HasSuffix(s.op, "tables"):
		return tablesJoin
	case strings.HasSuffix(s.op, "foreign key"):
		return foreignJoin
	case strings.HasSuffix(s.op, "foreign keys"):
		return foreignList
	case strings.HasSuffix(s.op, "global lookup"):
		return globalLookup
	case s.op == "enrich":
		return enrichment
	}
	return noJoin
}

// The sides of a join, which are its ports.
const (
	leftSide = iota
	rightSide
)

// side is that whose late records a step has.
func (s *step) side() int {
	if s.op == "late right" {
		return rightSide
	}
	return leftSide
}

// keeps says that the join has results of what has no partner on the other
// side.
func (s *step) keeps(side int) bool {
	switch word, _, _ := strings.Cut(s.op, " "); word {
	case "outer":
		return true
	case "left", "anti", "nearest":
		return side == leftSide
	case "right":
		return side == rightSide
	}
	return false
}

// required says that the join has no results of what has no row on a side.
func (s *step) required(side int) bool {
	if s.needs != nil {
		return s.needs[side]
	}
	return !s.keeps(1 - side)
}

// once says that the join has one result at most of a left record.
func (s *step) once() bool { return s.op == "semi join" || s.op == "anti join" }

// nearest says that a left record waits for the last right one that it goes with.
func (s *step) nearest() bool { return s.op == "nearest join" }

// window is that of a join of streams, in milliseconds.
type window struct {
	before, after      int64
	openStart, openEnd bool
	late               [2]int64 // by side
}

// never late: as far as any two times are apart.
const never = latestTime

func (w *window) of() joins.Window {
	ms := func(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
	j := joins.Between(ms(w.before), ms(w.after)).Lateness(ms(w.late[leftSide]), ms(w.late[rightSide]))
	if w.openStart {
		j = j.ExclusiveStart()
	}
	if w.openEnd {
		j = j.ExclusiveEnd()
	}
	return j
}

func (w *window) String() string {
	return fmt.Sprintf("before=%d after=%d open=%t,%t late=%d,%d", w.before, w.after, w.openStart, w.openEnd, w.late[leftSide], w.late[rightSide])
}

// bounds are how far a right record may be from a left one, both included.
func (w *window) bounds() (from, to int64) {
	from, to = -w.before, w.after
	if w.openStart {
		from++
	}
	if w.openEnd {
		to--
	}
	return from, to
}

// match says whether a record of a side goes with one of the other side.
func (w *window) match(side int, time, other int64) bool {
	from, to := w.bounds()
	apart := other - time
	if side == rightSide {
		apart = -apart
	}
	return from <= apart && apart <= to
}

// decided says that no record of the other side that is not late goes with one
// of a side and a time any more.
func (w *window) decided(side int, time, now int64) bool { return w.decidedAt(side, time) <= now }

// decidedAt is the stream time from which on that is so.
func (w *window) decidedAt(side int, time int64) int64 {
	from, to := w.bounds()
	if side == rightSide {
		return time - from + w.late[leftSide] + 1
	}
	return time + to + w.late[rightSide] + 1
}

// paired is what joiners make of two values, each of which may be missing.
func paired(left, right any) string { return short(left) + "|" + short(right) }

// listed are the foreign keys of a row that has a list of them, maybe one twice.
func (s *step) listed(of kind, key, value any) (list []any) {
	if value == nil {
		return nil
	}
	for _, f := range []fn{s.fn, {of: "value"}, {of: "key"}}[:s.fn2.rest(key, value)] {
		list = append(list, f.to(of, key, value))
	}
	return list
}

// pairText is the key of a result of a row and one of its foreign keys, as text.
func pairText(key, foreign any) string { return shown(key) + "/" + shown(foreign) }

// asks says that the sides of a join are apart, and send each other messages.
func (s *step) asks() bool { return s.joins() == foreignJoin || s.joins() == foreignList }

// chained is what parts make of their values, each of which may be missing.
func chained(values ...any) (all string) {
	for part, v := range values {
		if v != nil {
			all += link(part, v)
		}
	}
	return all
}

func link(part int, v any) string { return fmt.Sprintf("%d%s;", part, short(v)) }

func short(x any) string {
	if x == nil {
		return "-"
	}
	s := asText(x)
	return s[:min(5, len(s))]
}
