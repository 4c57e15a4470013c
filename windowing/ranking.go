package windowing

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
)

// ranking keeps the rows of groups in order. Each has two rows in the store, whose
// keys begin with the length of the encoded group and the group:
//
//	its place   00, length, group, 8 bytes of the score turned around, key = the row
//	its score   01, length, group, key = 8 bytes of the score
//
// so that the first rows of a group are one short scan, and where a row is in the
// order one look-up.
type ranking[K, R, G any] struct {
	node   *graph.Node
	n      int
	score  func(R) float64
	groups serde.Serde[G]
	keys   serde.Serde[K]
	rows   *store.KeyValue[[]byte, ranked[K, R]]

	key, group, row, end []byte // scratch: of the row at hand
}

const (
	inPlace = 0
	inScore = 1
)

// put makes a row the one of its key, or deletes that. same says that the row was
// not there and is not.
func (r *ranking[K, R, G]) put(group G, row kept[K, R]) (same bool, err error) {
	if err := r.enter(group); err != nil {
		return false, err
	}
	if r.key, err = r.keys.Append(r.key[:0], row.key); err != nil {
		return false, err
	}
	old, had, err := r.rows.Get(r.scoreRow())
	if err != nil {
		return false, err
	}
	if had {
		if err := r.rows.Delete(r.placeRow(old.score)); err != nil {
			return false, err
		}
	}
	if !row.has {
		if !had {
			return true, nil
		}
		return false, r.rows.Delete(r.scoreRow())
	}
	score := r.score(row.value)
	if err := r.rows.PutWithTime(r.placeRow(score), ranked[K, R]{row: row, place: true}, row.timeMs); err != nil {
		return false, err
	}
	return false, r.rows.PutWithTime(r.scoreRow(), ranked[K, R]{score: score}, row.timeMs)
}

// list are the first rows of a group.
func (r *ranking[K, R, G]) list(group G) (f firsts[K, R], err error) {
	if err := r.enter(group); err != nil {
		return f, err
	}
	from := append([]byte{inPlace}, r.group...)
	r.end = following(append(r.end[:0], from...))
	last := math.Inf(1)
	for key, v := range r.rows.Range(from, r.end) {
		score, rank := unscore(key[len(from):]), len(f.rows)+1
		if rank > 1 && score == last {
			rank = f.rows[rank-2].Rank
		}
		last = score
		f.rows = append(f.rows, Ranked[K, R]{Rank: rank, Key: v.row.key, Row: v.row.value})
		f.keys = append(f.keys, string(key[len(from)+scoreLen:]))
		if len(f.rows) == r.n {
			break
		}
	}
	return f, r.rows.ScanErr()
}

// Get looks up the rows of a group, for a View. Their time is not known.
func (r *ranking[K, R, G]) Get(group G) (rows []Ranked[K, R], timeMs int64, ok bool, err error) {
	f, err := r.list(group)
	return f.rows, -1, len(f.rows) > 0, err
}

// enter makes r.group what the keys of a group's rows have in common.
func (r *ranking[K, R, G]) enter(group G) (err error) {
	r.group = append(r.group[:0], 0, 0, 0, 0)
	if r.group, err = r.groups.Append(r.group, group); err == nil {
		binary.BigEndian.PutUint32(r.group, uint32(len(r.group)-4))
	}
	return err
}

func (r *ranking[K, R, G]) scoreRow() []byte {
	r.row = append(append(append(r.row[:0], inScore), r.group...), r.key...)
	return r.row
}

func (r *ranking[K, R, G]) placeRow(score float64) []byte {
	r.row = appendScore(append(append(r.row[:0], inPlace), r.group...), score)
	r.row = append(r.row, r.key...)
	return r.row
}

const scoreLen = 8

// appendScore appends 8 bytes that sort high scores before low ones, and those
// that are no number last.
func appendScore(dst []byte, score float64) []byte {
	if math.IsNaN(score) {
		return binary.BigEndian.AppendUint64(dst, math.MaxUint64)
	}
	bits := math.Float64bits(score + 0) // of two zeros, one
	if bits>>63 == 0 {
		bits = ^bits &^ (1 << 63)
	}
	return binary.BigEndian.AppendUint64(dst, bits)
}

// unscore is the opposite of appendScore.
func unscore(b []byte) float64 {
	bits := binary.BigEndian.Uint64(b)
	if bits>>63 == 0 {
		bits = ^bits &^ (1 << 63)
	}
	return math.Float64frombits(bits)
}

// following is the first key behind all that begin with prefix, which it changes.
func following(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i]++; prefix[i] != 0 {
			return prefix[:i+1]
		}
	}
	return bytes.Repeat([]byte{0xff}, len(prefix)+1)
}

// rankedSerde writes a place as the row that is there, and a score as a version
// and 8 bytes.
type rankedSerde[K, R any] struct {
	rows serde.Serde[kept[K, R]]
}

const scoreVersion = 0x81 // and not that of a row

var errRanked = errors.New("no row of a ranking, or one of a newer version: upgrade this program")

func (s rankedSerde[K, R]) Append(dst []byte, r ranked[K, R]) ([]byte, error) {
	if r.place {
		return s.rows.Append(dst, r.row)
	}
	return appendInt64(append(dst, scoreVersion), int64(math.Float64bits(r.score))), nil
}

func (s rankedSerde[K, R]) Decode(b []byte) (r ranked[K, R], err error) {
	if len(b) > 0 && b[0] == scoreVersion {
		if len(b) != 1+8 {
			return r, errRanked
		}
		r.score = math.Float64frombits(binary.BigEndian.Uint64(b[1:]))
		return r, nil
	}
	r.place = true
	r.row, err = s.rows.Decode(b)
	return r, err
}

// SerdeName is that of the rows' serde.
func (s rankedSerde[K, R]) SerdeName() string { return "ranked " + serde.NameOf(s.rows) }

// ForTopic asks the serdes of key and row, if they want to know.
func (s rankedSerde[K, R]) ForTopic(topic string, role serde.Role) (_ serde.Serde[ranked[K, R]], err error) {
	s.rows, err = graph.OfTopic(s.rows, topic, role)
	return s, err
}
